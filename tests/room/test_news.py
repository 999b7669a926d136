"""What is told of who comes, changes and goes: at once in a quiet room, together in a busy one."""

import asyncio
from typing import Any, cast

import pytest

from fastsfu.config import Config
from fastsfu.events import (
    ActiveSpeaker,
    Batch,
    Event,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    SectionsWanted,
    SessionData,
)
from fastsfu.http import signaling
from fastsfu.room.news import BUSY_AT_ONCE, GATHER, News
from fastsfu.room.room import Room
from fastsfu.sfu import SFU
from tests.support.offers import sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Client, Join, turn
from tests.support.virtual_time import virtually

CONFIG = Config(media_ips=["192.0.2.10"], open_rooms=True)
KINDS = {ParticipantJoined: "joined", ParticipantUpdated: "updated"}

CROWD = round(1.25 * BUSY_AT_ONCE)


class Guest:
    """As much of a session as is told and told of: its participant is its name and state."""

    def __init__(self, name: str) -> None:
        self.id, self.state = name, 0
        self.heard: list[Event] = []

    @property
    def participant(self) -> tuple[str, int]:
        return self.id, self.state

    def tell(self, event: Event) -> None:
        self.heard.append(event)


class Hall:
    """A room of guests."""

    def __init__(self, count: int = 0) -> None:
        self.guests = {f"g{number}": Guest(f"g{number}") for number in range(count)}
        self.noted: list[tuple[str, bool]] = []
        self.news = News(cast(Any, self.guests), self.note, lambda: None)

    def note(self, guest: Any, participant: Any, metadata: bool) -> None:
        self.noted.append((guest.id, metadata))

    def come(self, name: str) -> Guest:
        guest = self.guests[name] = Guest(name)
        self.news.came(cast(Any, guest))
        return guest

    def change(self, guest: Guest) -> None:
        guest.state += 1
        self.news.changed(cast(Any, guest), metadata=True)

    def go(self, guest: Guest) -> None:
        del self.guests[guest.id]
        self.news.gone(cast(Any, guest), "left")


def told(event: Event) -> list[tuple[str, Any]]:
    """Each as its kind and whom it is about."""
    events = event.events if isinstance(event, Batch) else (event,)
    return [_told(each) for each in events]


def _told(event: Event) -> tuple[str, Any]:
    if isinstance(event, ParticipantLeft):
        return "left", event.session_id
    return KINDS[type(event)], cast(Any, event).participant


@virtually
async def test_in_a_quiet_room_nothing_waits() -> None:
    hall = Hall()
    ada, bob = hall.come("ada"), hall.come("bob")
    assert ada.heard == [ParticipantJoined(("bob", 0))]
    hall.change(bob)
    hall.change(bob)
    await turn()
    assert told(ada.heard[1]) == told(bob.heard[0]) == [("updated", ("bob", 2))]
    assert hall.noted == [("bob", True)]
    hall.go(bob)
    assert told(ada.heard[2]) == [("left", "bob")]
    assert ada.heard[3:] == bob.heard[1:] == []


@virtually
async def test_a_busy_room_is_told_of_all_that_happens_within_a_time_at_once() -> None:
    hall = Hall(CROWD)
    hall.come("first")
    one, two = hall.guests["g0"], hall.guests["g1"]
    await asyncio.sleep(0)
    ada = hall.come("ada")
    hall.change(ada)
    bob = hall.come("bob")  # and knows of Ada
    hall.change(two)
    hall.change(ada)
    eve = hall.come("eve")
    hall.go(eve)
    hall.go(hall.guests["g2"])
    await asyncio.sleep(GATHER - 0.01)
    assert len(one.heard) == 1
    await asyncio.sleep(0.02)
    changed = ("updated", ("g1", 1))
    gone, seen = ("left", "g2"), ("left", "eve")
    came = [("joined", ("ada", 2)), ("joined", ("bob", 0))]
    assert [told(each) for each in one.heard[1:]] == [[gone, *came, changed]]
    assert one.heard[1] is two.heard[1], "one event for all"
    assert told(ada.heard[0]) == [gone, seen, came[1], ("updated", ("ada", 2)), changed]
    assert told(bob.heard[0]) == [gone, seen, ("updated", ("ada", 2)), changed]
    assert eve.heard == []


@virtually
async def test_whatever_else_everybody_is_told_comes_after_what_was_before_it() -> None:
    hall = Hall(CROWD)
    hall.come("first")
    hall.come("ada")
    hall.news.broadcast(ActiveSpeaker("ada"))
    heard = hall.guests["g0"].heard
    assert [type(each) for each in heard[1:]] == [ParticipantJoined, ActiveSpeaker]
    await asyncio.sleep(2 * GATHER)
    assert len(heard) == 3


@virtually
async def test_nothing_waits_again_when_the_room_has_been_quiet() -> None:
    hall = Hall(CROWD)
    hall.come("first")
    hall.come("second")
    await asyncio.sleep(10)
    hall.come("third")
    assert told(hall.guests["g0"].heard[-1]) == [("joined", ("third", 0))]


@pytest.mark.parametrize("takes", [True, False])
async def test_a_client_that_does_not_take_batches_gets_message_after_message(
    sfu: SFU, takes: bool
) -> None:
    client = signaling.Client(sfu, cast(Any, None))
    client._takes_batches = takes
    left = tuple(ParticipantLeft(name, "left") for name in ("ada", "bob"))
    client.send(Batch(left))
    kinds = [cast(Any, each).type for each in client._outgoing._waiting.values()]
    assert kinds == (["batch"] if takes else ["participant-left"] * 2)


@virtually
async def test_what_somebody_publishes_is_shown_after_who_it_is() -> None:
    native = RecordingEngine()
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
        ada = Client()
        ada.session = await sfu.open_session("standup", signaler=ada)
        room = ada.session.room
        room._news._allowance.take(asyncio.get_running_loop().time(), 2 * BUSY_AT_ONCE)
        bob = Client()
        bob.session = await sfu.open_session("standup", signaler=bob)
        await bob.offer(sending())
        await asyncio.sleep(2 * GATHER)
        kinds = [type(event) for event in ada.events]
        assert kinds == [ParticipantJoined, SectionsWanted]


async def test_data_of_the_meeting_is_told_to_everybody(join: Join) -> None:
    ada, eve = await join("Ada"), await join("Eve")
    room = ada.session.room
    assert isinstance(room, Room)
    room.set_session_data({"page": 1})
    assert [each.of(SessionData) for each in (ada, eve)] == [[SessionData({"page": 1})]] * 2
