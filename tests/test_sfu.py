"""The SFU as a whole: its end, what it keeps of who has left, and its counters."""

import asyncio
import gc
import weakref

import pytest

from fastsfu.config import Config
from fastsfu.errors import ConfigError, JoinError
from fastsfu.events import (
    Ended,
    Failure,
)
from fastsfu.sfu import SFU
from tests.support.offers import sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Client, Join, turn
from tests.support.virtual_time import virtually

CONFIG = Config(media_ips=["192.0.2.10"], open_rooms=True)


async def test_more_workers_than_a_process_can_have() -> None:
    sfu = SFU(Config(media_ips=["127.0.0.1"], media_port=0, workers=65))
    with pytest.raises(ConfigError, match="workers: at most 64"):
        await sfu.__aenter__()
    assert not sfu.running


async def test_closing_ends_everything(native: RecordingEngine) -> None:
    client = Client()
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
        client.session = await sfu.open_session("standup", signaler=client)
        await client.offer(sending())
        with pytest.raises(RuntimeError):
            await sfu.__aenter__()
    assert client.session.ended == "end-of-life"
    assert isinstance(client.events[-1], Ended)
    assert native.is_empty
    assert native.closed
    assert not sfu.running
    with pytest.raises(JoinError) as refused:
        await sfu.open_session("standup")
    assert refused.value.type == "end-of-life"


@virtually
async def test_drain_waits_for_calls_to_end() -> None:
    native, loop = RecordingEngine(), asyncio.get_running_loop()
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
        client = Client()
        client.session = await sfu.open_session("standup", signaler=client)
        loop.call_later(3, client.session.leave)
        await sfu.drain(10)
        assert 2.9 < loop.time() < 3.1
        assert [each.error for each in client.of(Failure)] == ["end-of-life"]
        assert client.session.ended == "left"
        assert sfu.running
        assert not sfu.ready


@virtually
async def test_drain_ends_what_does_not_end() -> None:
    native, loop = RecordingEngine(), asyncio.get_running_loop()
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
        session = await sfu.open_session("standup")
        await sfu.drain(10)
        assert 9.9 < loop.time() < 10.1
        assert session.ended == "end-of-life"


async def test_nothing_is_kept_of_who_has_left(
    sfu: SFU, join: Join, native: RecordingEngine
) -> None:
    stays = await join("Ada")
    await stays.offer(sending())
    gone = []
    for _ in range(200):
        client = await join("Bob")
        await client.receive_all(sending())
        client.session.update_receive_settings({stays.session.id: {"video": False}})
        stays.session.update_receive_settings({client.session.id: {"video": False}})
        gone.append(weakref.ref(client.session))
        client.session.leave()
        stays.events.clear()
    del client
    gc.collect()
    await turn()
    assert [each() for each in gone if each() is not None] == []
    assert (len(native.transports), len(native.inbounds), len(native.outbounds)) == (1, 2, 0)
    (engine,) = sfu.engines
    owners = vars(engine._owners)
    kept = [len(value) for value in owners.values() if isinstance(value, dict | set)]
    assert max(kept) <= 2
    assert list(sfu.sessions) == [stays.session.id]
    kept = [len(value) for value in vars(stays.session.subscriber).values() if type(value) is dict]
    assert max(kept) <= 2


async def test_snapshot_and_counters(sfu: SFU, join: Join) -> None:
    ada = await join()
    await ada.offer(sending())
    assert len(sfu.snapshot()) == 3  # a transport and two streams
    assert sfu.counters()["transports"] == 1
