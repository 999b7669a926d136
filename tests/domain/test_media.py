"""Sessions with the real engine: aiortc on the other side, no HTTP in between."""

import logging
from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Any

import aioice
import numpy as np
import numpy.typing as npt
import pytest

from fastsfu.config import Config
from fastsfu.events import ActiveSpeaker, ConnectionChanged
from fastsfu.logs import about
from fastsfu.room.notices import Left
from fastsfu.sfu import SFU
from tests.room.test_observer import Notes
from tests.support.domain_peer import CONFIG, DomainPeer, until, with_other_fingerprint

OUTBOUND, VIDEO = 1, 1  # in snapshot()'s columns `row` and `kind`


@pytest.fixture
async def sfu() -> AsyncIterator[SFU]:
    async with SFU(CONFIG) as sfu:
        yield sfu


async def freed(sfu: SFU) -> None:
    """Wait until the worker has nothing left of anybody."""
    counters = sfu.counters
    await until("no transport", lambda: counters()["transports"] == 0)
    await until("no buffer in use", lambda: counters()["buffers_used"] == 0)
    assert len(sfu.snapshot()) == 0
    assert counters()["drop_stale_command"] == 0
    assert counters()["commands_refused"] == counters()["events_refused"] == 0


def forwarded(sfu: SFU, kind: int | None = None) -> npt.NDArray[np.uint64]:
    """Packets sent so far, of each stream that is forwarded now."""
    rows = sfu.snapshot()
    rows = rows[rows["row"] == OUTBOUND]
    packets: npt.NDArray[np.uint64] = (rows if kind is None else rows[rows["kind"] == kind])[
        "packets"
    ]
    return packets


async def test_the_first_frame_counts_of_who_comes_to_a_camera(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "fastsfu.session")
    async with SFU(CONFIG) as sfu:
        peers = [await DomainPeer().join(sfu, sends=False), await DomainPeer().join(sfu)]
        counted = sfu.rooms.outcomes.first_frame
        await peers[0].receives("video")
        assert sum(counted.counts) == 0  # there was none when it came
        peers.append(await DomainPeer().join(sfu))
        await peers[2].receives("video")
        assert sum(counted.counts) == 1
        assert 0 < counted.sum < 15
        for peer in peers:
            await peer.close()
        await freed(sfu)
    said = {record.getMessage(): about(record) for record in caplog.records}
    assert said["first frame to the client"]["session"] == peers[2].session.id
    ip, _, port = said["media path found"]["local"].rpartition(":")
    assert ip_address(ip.strip("[]"))
    assert int(port) > 0
    assert said["left"]["received_bytes"] > 0


async def test_who_leaves_is_told_with_the_bytes_of_its_media() -> None:
    notes = Notes()
    async with SFU(CONFIG, observers=[notes]) as sfu:
        ada, bob = DomainPeer(), DomainPeer()
        for peer in (ada, bob):
            await peer.join(sfu)
        for peer in (ada, bob):
            await peer.receives("video")
        before = sum_of_bytes(sfu.snapshot())
        for peer in (ada, bob):
            await peer.close()
        await freed(sfu)
        after = sum_of_bytes(sfu.ended_streams())
    left = [each for each in notes.notices if isinstance(each, Left)]
    told = [
        sum(each.received_bytes or 0 for each in left),
        sum(each.sent_bytes or 0 for each in left),
    ]
    assert all(0 < b <= t <= a for b, t, a in zip(before, told, after, strict=True))
    assert all(each.received_bytes and each.sent_bytes for each in left)


def sum_of_bytes(rows: npt.NDArray[Any]) -> list[int]:
    """In, and out."""
    return [int(rows["bytes"][rows["row"] == row].sum()) for row in (0, OUTBOUND)]


async def test_two_exchange_audio_and_video(sfu: SFU) -> None:
    ada, bob = DomainPeer(), DomainPeer()
    await ada.join(sfu)
    await until("a connection", lambda: ada.session.connected)
    await bob.join(sfu)
    for peer, other in ((ada, bob), (bob, ada)):
        await peer.receives("audio")
        await peer.receives("video")
        sources = {(each.session_id, each.source) for each in peer.subscriptions.values()}
        assert sources == {(other.session.id, "audio"), (other.session.id, "video")}
        assert peer.events.count(ConnectionChanged("connected")) == 1
        assert all(sink.energy > 0 for sink in peer.sinks if sink.kind == "audio")
    assert len(sfu.snapshot()) == 2 + 2 * 4  # transports and streams
    ada.session.leave()
    assert ada.ended == "left"
    assert bob.ended is None
    await bob.close()
    await until("bob to be gone", lambda: bob.ended == "left")
    await freed(sfu)
    await ada.close()


async def test_who_speaks_is_told(sfu: SFU) -> None:
    ada, bob = await DomainPeer().join(sfu), await DomainPeer().join(sfu, sends=False)
    speaks = ActiveSpeaker(ada.session.id)
    await until(
        "ada to be the active speaker", lambda: speaks in bob.events and speaks in ada.events
    )
    for peer in (ada, bob):
        await peer.close()


async def test_many_come_and_go_through_the_same_sections(sfu: SFU) -> None:
    """Seen from the engine: aiortc ends a track for good when its first stream says BYE."""
    ada = await DomainPeer().join(sfu, sends=False)
    for _ in range(3):
        other = await DomainPeer().join(sfu)
        await until("forwarding of both", lambda: sum(forwarded(sfu) > 5) == 2)
        assert len(ada.subscriptions) == 2
        await other.close()
        await until("the other to be gone", lambda other=other: other.ended == "left")
        await until("the end of forwarding", lambda: len(forwarded(sfu)) == 0)
    assert ada.session.wanted_sections() == {"audio": 0, "video": 0}
    assert len(ada.connection.getTransceivers()) == 2
    await ada.close()
    await until("ada to be gone", lambda: ada.ended == "left")
    await freed(sfu)


async def test_declined_video_stops_and_comes_back(sfu: SFU) -> None:
    ada, bob = await DomainPeer().join(sfu), await DomainPeer().join(sfu, sends=False)
    await bob.receives("video")
    bob.session.update_receive_settings({ada.session.id: {"video": False}})
    await bob.receives("audio", 10)  # the pause is in force by then
    before = forwarded(sfu, VIDEO)
    await bob.receives("audio", 20)
    assert forwarded(sfu, VIDEO) == before
    bob.session.update_receive_settings({"*": {"video": True}, ada.session.id: {"video": True}})
    await bob.receives("video")
    for peer in (ada, bob):
        await peer.close()


async def test_who_vanishes_is_gone_after_the_consent_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.2)
    async with SFU(Config(**{**CONFIG.model_dump(), "consent_timeout": 2.0})) as sfu:
        ada, bob = await DomainPeer().join(sfu), await DomainPeer().join(sfu)
        await ada.receives("video")
        await bob.vanish()
        await until("bob to be gone", lambda: bob.ended == "connection-error")
        assert [each.session_id for each in ada.session.others()] == []
        assert ada.session.connected
        await ada.close()
        await until("ada to be gone", lambda: ada.ended == "left")
        await freed(sfu)
        await bob.close()


async def test_wrong_fingerprint_ends_only_its_own_session(sfu: SFU) -> None:
    ada, mallory = await DomainPeer().join(sfu), DomainPeer()
    bob = await DomainPeer().join(sfu)
    for peer in (ada, bob):  # aiortc ends tracks at a BYE: no others come in a section of Mallory
        await peer.receives("audio")
    mallory.alter = with_other_fingerprint
    await mallory.join(sfu)
    await until("mallory to be refused", lambda: mallory.ended == "connection-error")
    assert not any(isinstance(event, ConnectionChanged) for event in mallory.events)
    assert mallory.frames("audio") == 0
    await ada.receives("audio")
    await bob.receives("audio")
    for peer in (mallory, ada, bob):
        await peer.close()


async def test_closing_the_sfu_with_a_call_in_it() -> None:
    async with SFU(CONFIG) as sfu:
        peers = [await DomainPeer().join(sfu) for _ in range(3)]
        for peer in peers:
            await peer.receives("audio")
    assert [peer.ended for peer in peers] == ["end-of-life"] * 3
    for peer in peers:
        await peer.close()


async def test_joins_and_leaves_leave_nothing_behind(sfu: SFU) -> None:
    stays = await DomainPeer().join(sfu)
    for _ in range(5):
        others = [await DomainPeer().join(sfu) for _ in range(2)]
        await others[0].receives("audio", 1)
        others[0].session.leave()
        await others[1].close()
        await until("both to be gone", lambda others=others: all(each.ended for each in others))
        await others[0].close()
    await until("one transport", lambda: sfu.counters()["transports"] == 1)
    assert len(sfu.snapshot()) == 3
    await stays.close()
    await until("the last to be gone", lambda: stays.ended == "left")
    await freed(sfu)
