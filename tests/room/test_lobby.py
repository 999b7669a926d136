"""Who has to knock waits until a host answers; who comes as a user that is in takes their place."""

import asyncio
from dataclasses import replace

import pytest

from fastsfu.auth.permissions import Permissions
from fastsfu.auth.tokens import Grant
from fastsfu.errors import JoinError, RequestError
from fastsfu.events import RoomChanged, WaitingParticipants
from fastsfu.room import lobby
from fastsfu.room.lobby import Waiting
from fastsfu.room.notices import Knocked, KnockEnded, RoomClosed
from fastsfu.room.options import RoomOptions
from fastsfu.room.room import Room
from fastsfu.session.arrival import Arrival
from fastsfu.sfu import SFU
from tests.room.test_observer import Notes, observed
from tests.support.sessions import Join, turn

HOST = Grant("standup", owner=True)
ADA = Arrival(grant=Grant("standup", user_id="ada", token_id="a"), name="Ada")


@pytest.fixture
async def room(sfu: SFU) -> Room:
    return sfu.rooms.create("standup", RoomOptions(enable_knocking=True))


def knocks(sfu: SFU, arrival: Arrival = ADA) -> Waiting:
    waiting = sfu.knock("standup", arrival)
    assert waiting is not None
    return waiting


async def test_who_knocks_is_let_in_by_a_host(sfu: SFU, join: Join, room: Room) -> None:
    host = await join("Host", grant=HOST)
    waiting = knocks(sfu)
    assert not room.waiting, "it has not asked yet"
    waiting.request_access("Ada L.")
    (asked,) = host.of(WaitingParticipants)[-1].participants
    assert (asked.id, asked.name, asked.user_id) == (waiting.id, "Ada L.", "ada")
    room.answer(waiting.id)
    arrival = await waiting.answered()
    session = await sfu.admit("standup", arrival)
    assert (session.name, session.grant.user_id) == ("Ada L.", "ada")
    assert host.of(WaitingParticipants)[-1].participants == ()


async def test_who_is_not_let_in_stays_out(sfu: SFU, join: Join, room: Room) -> None:
    waiting = knocks(sfu)
    waiting.request_access()
    room.answer(waiting.id, granted=False)
    with pytest.raises(JoinError) as refused:
        await waiting.answered()
    assert refused.value.type == "not-allowed"
    for attempt in (waiting.id, "nobody"):
        with pytest.raises(RequestError):
            room.answer(attempt)
    with pytest.raises(JoinError, match="let you in"):
        await join("Ada", grant=ADA.grant)


async def test_owners_and_who_comes_back_do_not_knock(sfu: SFU, join: Join, room: Room) -> None:
    host = await join("Host", grant=HOST)
    assert sfu.knock("standup", Arrival(grant=HOST)) is None
    assert sfu.knock("elsewhere", ADA) is None
    waiting = knocks(sfu)
    waiting.request_access()
    room.answer(waiting.id)
    arrival = replace(await waiting.answered(), listens=True)
    ada = await sfu.admit("standup", arrival)
    ada.leave("connection-error")
    back = replace(ADA, listens=True, replaces=(ada.id, ada.resume_key))
    assert sfu.knock("standup", back) is None
    assert (await sfu.admit("standup", back)).origin == ada.id
    assert sfu.knock("standup", replace(back, replaces=(ada.id, "guessed"))) is not None
    assert host.session.ended is None


async def test_who_becomes_an_owner_learns_who_waits(sfu: SFU, join: Join, room: Room) -> None:
    room.update(RoomOptions(enable_knocking=False))
    bob = await join("Bob")
    room.update(RoomOptions(enable_knocking=True))
    knocks(sfu).request_access()
    assert not bob.of(WaitingParticipants)
    room.permit(bob.session.id, Permissions(owner=True))
    assert len(bob.of(WaitingParticipants)[-1].participants) == 1
    assert bob.of(RoomChanged)[-1].room.enable_knocking


async def test_who_waits_gets_in_when_nobody_has_to_knock_any_more(
    sfu: SFU, join: Join, room: Room
) -> None:
    waiting = knocks(sfu)
    room.update(RoomOptions(enable_knocking=False))
    await sfu.admit("standup", await waiting.answered())
    room.update(RoomOptions(enable_knocking=True, locked=True))
    other = knocks(sfu, replace(ADA, name="Bob"))
    other.request_access()
    room.answer(other.id)
    await sfu.admit("standup", await other.answered())


async def test_who_goes_or_is_cut_off_waits_no_longer(sfu: SFU, join: Join, room: Room) -> None:
    host = await join("Host", grant=HOST)
    waiting = knocks(sfu)
    waiting.request_access()
    task = asyncio.create_task(waiting.answered())
    await turn()
    task.cancel()
    await turn()
    assert host.of(WaitingParticipants)[-1].participants == ()
    assert room.lobby.empty


async def test_observers_are_told_of_who_asks_and_of_each_end() -> None:
    notes = Notes()
    async with observed(notes) as sfu:
        room = sfu.rooms.create("standup", RoomOptions(enable_knocking=True))
        waiting = [knocks(sfu, replace(ADA, name=name)) for name in ("a", "b", "c", "d", "e")]
        for each in waiting[1:]:
            each.request_access()
            each.request_access(each.participant.name)
        for each in waiting[:2]:
            each.leave()
        room.answer(waiting[2].id)
        room.answer(waiting[3].id, granted=False)
        sfu.rooms.delete("standup")
    knocked = [each for each in notes.notices if isinstance(each, Knocked)]
    ended = [each for each in notes.notices if isinstance(each, KnockEnded)]
    assert [each.participant.name for each in knocked] == ["b", "c", "d", "e"]
    assert [(each.participant.id, each.outcome) for each in ended] == [
        (each.id, outcome)
        for each, outcome in zip(waiting[1:], ("left", "granted", "denied", "denied"), strict=True)
    ]
    assert isinstance(notes.notices[-1], RoomClosed)


async def test_the_end_of_the_room_is_an_answer(sfu: SFU, room: Room) -> None:
    waiting = knocks(sfu)
    sfu.rooms.delete("standup")
    with pytest.raises(JoinError) as refused:
        await waiting.answered()
    assert refused.value.type == "exp-room"


async def test_a_waiting_room_is_bounded(
    sfu: SFU, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lobby, "MOST_WAITING", 2)
    knocks(sfu)
    knocks(sfu)
    with pytest.raises(JoinError) as refused:
        knocks(sfu)
    assert refused.value.type == "meeting-full"


async def test_who_is_banned_does_not_even_wait(sfu: SFU, join: Join, room: Room) -> None:
    room.update(RoomOptions(enable_knocking=False))
    await join("Ada", grant=ADA.grant)
    room.eject("ada", ban=True)
    room.update(RoomOptions(enable_knocking=True))
    with pytest.raises(JoinError, match="asked to leave"):
        sfu.knock("standup", ADA)


async def test_a_user_is_in_once(sfu: SFU, join: Join) -> None:
    options = RoomOptions(enforce_unique_user_ids=True, max_participants=2)
    sfu.rooms.create("standup", options)
    first = await join("Ada", grant=ADA.grant)
    await join("Bob")
    again = await join("Ada", grant=replace(ADA.grant, token_id="b"))
    assert (first.session.ended, again.session.ended) == ("ejected", None)
    with pytest.raises(JoinError, match="takes 2"):
        await join("Cem")
    third = await join("Ada", grant=ADA.grant)
    assert (again.session.ended, third.session.ended) == ("ejected", None)


async def test_a_room_that_its_only_user_takes_again_stays(sfu: SFU, join: Join) -> None:
    ada = await join("Ada", grant=ADA.grant)
    room = sfu.rooms.get("standup")
    assert room is not None
    room.update(RoomOptions(enforce_unique_user_ids=True))
    await join("Ada", grant=ADA.grant)
    assert ada.session.ended == "ejected"
    assert sfu.rooms.get("standup") is room
