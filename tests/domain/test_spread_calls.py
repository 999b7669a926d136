"""One room on two real workers: aiortc on the other side, media over links, a worker that stops."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from fastsfu.config import Config
from fastsfu.events import ActiveSpeaker
from fastsfu.sfu import SFU
from tests.support.domain_peer import CONFIG, DomainPeer, until
from tests.support.stall import stalled

SPREAD = Config(**{**CONFIG.model_dump(), "workers": 2, "spread_at": 0, "worker_timeout": 2.0})


@pytest.fixture
async def sfu() -> AsyncIterator[SFU]:
    async with SFU(SPREAD) as sfu:
        yield sfu


async def freed(sfu: SFU) -> None:
    """Wait until no worker has anything left of anybody, and none of the other's buffers."""
    for what in ("transports", "replicas", "buffers_used", "buffers_lent"):
        await until(f"no {what}", lambda what=what: sfu.counters()[what] == 0)
    assert len(sfu.snapshot()) == 0
    assert sfu.counters()["commands_refused"] == sfu.counters()["events_refused"] == 0


async def leave(sfu: SFU, *peers: DomainPeer) -> None:
    for peer in peers:
        await peer.close()
    await until("all to be gone", lambda: all(peer.ended for peer in peers))


async def test_media_flows_between_participants_of_different_workers(sfu: SFU) -> None:
    ada, bob = await DomainPeer().join(sfu), await DomainPeer().join(sfu)
    for peer in (ada, bob):
        await peer.receives("audio", 25)
        await peer.receives("video", 10)
    assert [engine.counters()["transports"] for engine in sfu.engines] == [1, 1]
    for engine in sfu.engines:
        counters = engine.counters()
        assert counters["replicas"] == 2
        assert counters["link_packets"] > 0
        assert counters["link_dropped"] == 0
    assert sum(sink.energy for sink in ada.sinks + bob.sinks if sink.kind == "audio") > 0
    told = [event for event in bob.events if isinstance(event, ActiveSpeaker)]
    assert ActiveSpeaker(ada.session.id) in told or ActiveSpeaker(bob.session.id) in told
    await leave(sfu, ada, bob)
    await freed(sfu)


async def test_joins_and_leaves_across_workers_leave_nothing_behind(sfu: SFU) -> None:
    stays = await DomainPeer().join(sfu)
    for turn in range(4):
        others = [await DomainPeer().join(sfu) for _ in range(2)]
        await others[turn % 2].receives("audio", 1)
        others[0].session.leave()
        await others[1].close()
        await until("both to be gone", lambda others=others: all(each.ended for each in others))
        await others[0].close()
    await until("one transport", lambda: sfu.counters()["transports"] == 1)
    await until("no replica", lambda: sfu.counters()["replicas"] == 0)
    await leave(sfu, stays)
    await freed(sfu)


async def test_a_stalled_worker_costs_only_its_own_sessions(sfu: SFU) -> None:
    ada, bob, cem = [await DomainPeer().join(sfu) for _ in range(3)]
    for peer in (ada, bob, cem):
        await peer.receives("video")
    threads = {thread.name: thread.native_id for thread in threading.enumerate()}
    with stalled(threads["fastsfu-worker-1"]):
        await until("bob's session to end", lambda: bob.ended == "connection-error")
        assert ada.ended is None
        assert cem.ended is None
        await ada.receives("video")
        await cem.receives("video")
        dan = await DomainPeer().join(sfu)
        await dan.receives("video")
        assert sfu.engines[0].counters()["transports"] == 3
    await until("the worker to come back", lambda: not sfu.engines[1].lost)
    await until("it to be cleared", lambda: sfu.engines[1].counters()["transports"] == 0)
    eve = await DomainPeer().join(sfu)
    await eve.receives("video")
    assert sfu.engines[1].counters()["transports"] == 1
    await bob.close()
    await leave(sfu, ada, cem, dan, eve)
    await freed(sfu)


async def test_closing_the_sfu_does_not_wait_for_a_stalled_worker() -> None:
    async with SFU(SPREAD) as sfu:
        peers = [await DomainPeer().join(sfu) for _ in range(2)]
        for peer in peers:
            await peer.receives("audio")
        threads = {thread.name: thread.native_id for thread in threading.enumerate()}
        with stalled(threads["fastsfu-worker-0"]):
            await asyncio.wait_for(sfu.__aexit__(None, None, None), 30)
    assert [peer.ended for peer in peers] == ["end-of-life"] * 2
    for peer in peers:
        await peer.close()
