"""Clients that lost a session and join anew: what was kept for them is theirs, once they are in."""

import asyncio
import json

import pytest

from fastsfu.config import Config
from fastsfu.errors import JoinError
from fastsfu.session.session import Session
from fastsfu.sfu import SFU
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Client, Join, turn
from tests.support.virtual_time import virtually


class Link:
    """A client's channel."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def write(self, frame: bytes) -> bool:
        self.frames.append(frame)
        return True


def replaced(session: Session) -> dict[str, object]:
    return {"replaces": (session.id, session.resume_key), "listens": True}


async def told(client: Client) -> list[object]:
    """The app messages that wait for a client."""
    link = Link()
    assert client.session.mailbox is not None
    client.session.mailbox.open(link)
    client.session.mailbox.flush()
    await turn()
    return [each["data"] for frame in link.frames for each in json.loads(frame)["messages"]]


async def test_a_full_room_costs_no_messages(sfu: SFU, join: Join) -> None:
    room = sfu.rooms.create("standup", max_participants=1)
    ada = await join("Ada", listens=True)
    ada.session.leave("connection-error")
    room.send_app_message("one")
    bob = await join("Bob")
    with pytest.raises(JoinError, match="takes 1"):
        await join("Ada", **replaced(ada.session))
    bob.session.leave()
    room.send_app_message("two")
    again = await join("Ada", **replaced(ada.session))
    assert again.session.origin == ada.session.id
    assert await told(again) == ["one", "two"]


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_a_refusal_costs_no_messages(is_cancelled: bool, sfu: SFU, join: Join) -> None:
    reached, go = asyncio.Event(), asyncio.Event()

    async def hook(session: Session) -> None:
        reached.set()
        await go.wait()
        raise JoinError("not-allowed", "Not yet.")

    room = sfu.rooms.create("standup")
    ada = await join("Ada", listens=True)
    room.on_join = hook
    refused = asyncio.create_task(join("Ada", **replaced(ada.session)))
    await reached.wait()
    room.send_app_message("meanwhile")
    if is_cancelled:
        refused.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError if is_cancelled else JoinError):
        await refused
    room.on_join = None
    again = await join("Ada", **replaced(ada.session))
    assert await told(again) == ["meanwhile"]


@pytest.mark.parametrize("config", [Config(open_rooms=True, max_participants=1)])
async def test_the_seat_of_the_lost_session_is_free_for_its_client(sfu: SFU, join: Join) -> None:
    ada = await join("Ada", listens=True)
    (room,) = sfu.rooms
    again = await join("Ada", **replaced(ada.session))
    assert (ada.session.ended, again.session.ended) == ("connection-error", None)
    assert again.session.room is room is sfu.rooms.get("standup")


@virtually
async def test_a_room_that_lost_all_at_once_waits_for_them() -> None:
    native = RecordingEngine()
    config = Config(media_ips=["192.0.2.10"], open_rooms=True, resume_timeout=30)
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        join = Join(sfu)
        ada, bob = await join("Ada", listens=True), await join("Bob", listens=True)
        room = ada.session.room
        room.send_app_message("one")
        for client in (ada, bob):
            client.session.path.on_worker_lost()
        await sfu.rooms.vacated()
        assert room.participants == []
        await asyncio.sleep(29)
        again = await join("Ada", **replaced(ada.session))
        assert again.session.room is room
        assert await told(again) == ["one"]
        await asyncio.sleep(5)
        again.session.leave()
        assert len(sfu.rooms) == 0


@virtually
async def test_it_goes_when_nobody_has_come_back() -> None:
    native = RecordingEngine()
    config = Config(media_ips=["192.0.2.10"], open_rooms=True, resume_timeout=30)
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        sfu.rooms.create("kept")
        for room in ("standup", "kept"):
            client = await Join(sfu, room)(listens=True)
            client.session.path.on_worker_lost()
        await asyncio.sleep(29)
        assert len(sfu.rooms) == 2
        await asyncio.sleep(2)
        assert [room.name for room in sfu.rooms] == ["kept"]
        client = await Join(sfu)(listens=True)
        client.session.path.on_worker_lost()
    assert len(sfu.rooms) == 0
