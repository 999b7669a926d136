"""What a room is, as one value: from JSON and to JSON, over others, and changed while it runs."""

import asyncio
import time

import pytest
from pydantic import ValidationError

from fastsfu.config import Config
from fastsfu.errors import JoinError, RequestError
from fastsfu.events import Ended, TopologyChanged
from fastsfu.room.options import RoomOptions
from fastsfu.sfu import SFU
from tests.support.sessions import Join, turn

CONFIG = Config(media_ips=["192.0.2.10"], max_participants=7, p2p_policy="relay")


def test_what_is_not_said_is_as_configured() -> None:
    said = RoomOptions(topology="sfu")
    assert said.over(RoomOptions.of(CONFIG)) == RoomOptions(
        max_participants=7, topology="sfu", p2p_policy="relay"
    )


def test_it_is_the_same_after_json() -> None:
    said = RoomOptions(max_participants=3, ends_at=None)
    again = RoomOptions.model_validate_json(said.model_dump_json(exclude_unset=True))
    assert again == said
    assert again.model_fields_set == {"max_participants", "ends_at"}


def test_none_that_is_said_takes_back_what_was() -> None:
    was = RoomOptions(ends_at=5.0, back_to_p2p_after=1.0)
    assert RoomOptions(ends_at=None).over(was) == RoomOptions(back_to_p2p_after=1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_participants": 0},
        {"max_participants": "many"},
        {"topology": "mesh"},
        {"ends_at": float("inf")},
        {"back_to_p2p_after": 0},
        {"topology": "p2p", "p2p_policy": "off"},
        {"colour": "red"},
    ],
)
async def test_what_is_wrong_is_said_and_makes_no_room(wrong: dict[str, object], sfu: SFU) -> None:
    with pytest.raises(ValidationError):
        RoomOptions(**wrong)  # type: ignore[arg-type]
    with pytest.raises(RequestError) as refused:
        sfu.rooms.create("standup", **wrong)  # type: ignore[arg-type]
    assert "Value error" not in refused.value.info
    assert "standup" not in sfu.rooms


async def test_options_and_their_names_make_the_same_room(sfu: SFU) -> None:
    one = sfu.rooms.create("one", RoomOptions(max_participants=3, topology="sfu"))
    other = sfu.rooms.create("other", RoomOptions(topology="sfu"), max_participants=3)
    assert one.options == other.options
    assert (one.max_participants, one.topology, one.p2p_policy) == (3, "sfu", "direct")


async def test_a_call_from_another_thread_makes_nothing(sfu: SFU) -> None:
    with pytest.raises(RuntimeError):
        await asyncio.to_thread(sfu.rooms.create, "standup", ends_at=time.time() + 60)
    assert "standup" not in sfu.rooms


async def test_seats_can_be_taken_away_and_given(sfu: SFU, join: Join) -> None:
    room = sfu.rooms.create("standup")
    for _ in range(3):
        await join()
    room.update(RoomOptions(max_participants=2))
    assert len(room.sessions) == 3, "who is in stays"
    with pytest.raises(JoinError, match="2 participants"):
        await join()
    room.update(room.options.changed(max_participants=4))
    await join()


async def test_the_start_can_be_moved(sfu: SFU, join: Join) -> None:
    room = sfu.rooms.create("standup", starts_at=time.time() + 60)
    with pytest.raises(JoinError, match="not started"):
        await join()
    room.update(RoomOptions(starts_at=None))
    await join()


async def test_the_end_can_be_moved(sfu: SFU, join: Join) -> None:
    ended = asyncio.Event()
    room = sfu.rooms.create("standup", ends_at=time.time() + 60, on_leave=lambda *_: ended.set())
    client = await join()
    room.update(RoomOptions(ends_at=None))
    room.update(RoomOptions(max_participants=9))
    assert room.ends_at is None
    room.update(RoomOptions(ends_at=time.time()))
    await ended.wait()
    assert client.of(Ended) == [Ended("exp-room", "The room has ended.")]
    with pytest.raises(RequestError, match="has ended"):
        room.update(RoomOptions(ends_at=None))


async def test_a_direct_call_goes_to_the_sfu(sfu: SFU, join: Join) -> None:
    room = sfu.rooms.create("standup")
    ada, ben = await join(p2p=True), await join(p2p=True)
    assert room.peering.carrier == "peer"
    room.update(RoomOptions(topology="sfu"))
    await turn()
    assert room.peering.carrier == "sfu"
    for client in (ada, ben):
        assert client.of(TopologyChanged)[-1] == TopologyChanged("sfu", ("sfu",), None)


async def test_others_connect_by_another_policy(sfu: SFU, join: Join) -> None:
    room = sfu.rooms.create("standup", topology="p2p")
    ada, _ = await join(p2p=True), await join(p2p=True)
    before = ada.of(TopologyChanged)[-1].connection
    room.update(RoomOptions(p2p_policy="relay"))
    after = ada.of(TopologyChanged)[-1].connection
    assert before is not None
    assert after is not None
    assert (before.relayed, after.relayed) == (False, True)
    assert after.number > before.number, "a connection that shows addresses does not become another"


async def test_a_room_in_use_becomes_direct_only_if_it_can(sfu: SFU, join: Join) -> None:
    room = sfu.rooms.create("standup", topology="sfu")
    _, ben, cy = await join(p2p=True), await join(p2p=True), await join(p2p=True)
    with pytest.raises(RequestError, match="too many"):
        room.update(RoomOptions(topology="p2p", max_participants=9))
    assert (room.topology, room.max_participants) == ("sfu", 200), "nothing of it was taken"
    cy.session.leave()
    old = await join()
    ben.session.leave()
    with pytest.raises(RequestError, match="can connect directly"):
        room.update(RoomOptions(topology="p2p"))
    old.session.leave()
    room.update(RoomOptions(topology="p2p"))
    await join(p2p=True)
    assert room.peering.carrier == "peer"
    with pytest.raises(RequestError, match="p2p_policy off"):
        room.update(RoomOptions(p2p_policy="off"))
