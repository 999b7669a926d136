"""What a host does to somebody in a room holds, whatever its client says and how it comes back."""

from dataclasses import replace

import pytest

from fastsfu.auth.permissions import EVERYTHING, NOTHING, Permissions
from fastsfu.auth.tokens import Grant
from fastsfu.errors import JoinError, RequestError
from fastsfu.events import Failure, Muted, ParticipantUpdated, TopologyChanged
from fastsfu.room import standing
from fastsfu.room.room import Room
from fastsfu.sfu import SFU
from tests.support.offers import sending
from tests.support.recording_engine import Inbound, RecordingEngine
from tests.support.sessions import Client, Join, turn

ADA = Grant("standup", token_id="a1", user_id="ada")
EVE = Grant("standup", token_id="e1", user_id="eve")


def room_of(client: Client) -> Room:
    assert isinstance(client.session.room, Room)
    return client.session.room


def streams(native: RecordingEngine, client: Client) -> dict[str, Inbound]:
    return {
        each.source: native.inbounds[each.encodings[0].inbound]
        for each in client.session.publisher.publications.values()
    }


def paused(native: RecordingEngine, client: Client) -> dict[str, bool]:
    return {source: stream.paused for source, stream in streams(native, client).items()}


async def test_what_is_muted_stays_off_whatever_its_client_says(
    join: Join, native: RecordingEngine
) -> None:
    ada, eve = await join("Ada"), await join("Eve")
    await eve.offer(sending())
    room_of(eve).mute(eve.session.id, sources={"audio"})
    await turn()
    assert paused(native, eve) == {"audio": True, "video": False}
    assert eve.of(Muted) == [Muted(frozenset({"audio"}))]
    told = ada.of(ParticipantUpdated)[-1].participant
    assert (told.sources, told.held) == ({"video"}, {"audio"})
    for revision in (1, 1 << 40, None):
        eve.session.update_local({"audio": True, "video": True}, revision=revision)
    eve.session.pin()
    assert paused(native, eve) == {"audio": True, "video": False}
    eve.session.unmute({"audio"})
    await turn()
    assert paused(native, eve) == {"audio": False, "video": False}
    told = ada.of(ParticipantUpdated)[-1].participant
    assert (told.sources, told.held) == ({"audio", "video"}, frozenset())


async def test_a_source_that_is_muted_before_it_is_published_is_off(
    join: Join, native: RecordingEngine
) -> None:
    eve = await join("Eve")
    room_of(eve).mute(eve.session.id)
    await eve.offer(sending())
    assert paused(native, eve) == {"audio": True, "video": True}
    assert eve.session.participant.sources == frozenset()


async def test_who_unmutes_is_as_muted_as_it_said(join: Join, native: RecordingEngine) -> None:
    eve = await join("Eve")
    await eve.offer(sending())
    room_of(eve).mute(eve.session.id)
    eve.session.update_local({"audio": False})
    eve.session.unmute({"audio", "video"})
    assert paused(native, eve) == {"audio": True, "video": False}


async def test_a_right_to_publish_is_taken_and_given_by_source(
    join: Join, native: RecordingEngine
) -> None:
    ada, eve = await join("Ada"), await join("Eve")
    await eve.offer(sending())
    room, said = room_of(eve), eve.session.participant.revision + 1000
    room.permit(eve.session.id, Permissions(publish=frozenset({"video"})))
    await turn()
    assert paused(native, eve) == {"audio": True, "video": False}
    told = ada.of(ParticipantUpdated)[-1].participant
    assert (told.sources, told.permissions.publish) == ({"video"}, {"video"})
    assert told.revision > said, "newer than what its client says to others directly"
    eve.session.unmute({"audio"})
    eve.session.update_local({"audio": True})
    await eve.offer(sending())
    assert paused(native, eve) == {"audio": True, "video": False}, "what is published stays, silent"
    assert not eve.of(Failure)
    room.permit(eve.session.id, Permissions())
    assert paused(native, eve) == {"audio": False, "video": False}


async def test_nothing_new_is_published_without_the_right(
    join: Join, native: RecordingEngine
) -> None:
    eve = await join("Eve")
    room_of(eve).permit(eve.session.id, Permissions(publish=frozenset({"audio"})))
    await eve.offer(sending())
    assert paused(native, eve) == {"audio": False}
    assert [(each.error, each.info) for each in eve.of(Failure)] == [
        ("not-allowed", "There is no permission to publish video.")
    ]
    room_of(eve).permit(eve.session.id, Permissions())
    await eve.offer(sending())
    assert paused(native, eve) == {"audio": False, "video": False}


async def test_the_right_to_receive_is_taken_and_given(join: Join, native: RecordingEngine) -> None:
    ada, eve = await join("Ada"), await join("Eve")
    await ada.offer(sending())
    await eve.receive_all(sending())
    room = room_of(eve)
    room.permit(eve.session.id, Permissions(subscribe=False))
    assert [each.paused for each in native.outbounds.values()] == [True, True]
    eve.session.update_receive_settings({"*": {"audio": True, "video": True}})
    assert [each.paused for each in native.outbounds.values()] == [True, True]
    bob = await join("Bob")
    await bob.offer(sending())
    assert not eve.session.subscriber.gains(64), "nothing new is for it"
    room.permit(eve.session.id, Permissions())
    assert [each.paused for each in native.outbounds.values()] == [False, False]
    assert eve.session.subscriber.gains(64)


async def test_rights_stay_with_a_client_and_what_is_taken_with_its_token(
    join: Join, native: RecordingEngine
) -> None:
    ada = await join("Ada", grant=ADA, listens=True)
    first = await join("Eve", grant=EVE, listens=True)
    room = room_of(first)
    room.permit(first.session.id, Permissions(publish=NOTHING, owner=True))
    replaced = (first.session.id, first.session.resume_key)
    first.session.leave("connection-error")
    back = await join("Eve", grant=EVE, listens=True, replaces=replaced)
    assert back.session.permissions == Permissions(publish=NOTHING, owner=True)
    other = await join("Eve", grant=replace(EVE, token_id="e2"))
    assert other.session.permissions == Permissions(publish=NOTHING), "given to one, not to a token"
    await other.offer(sending())
    assert not native.inbounds
    assert ada.session.permissions == Permissions()


async def test_rights_that_are_remembered_are_bounded(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "MOST", 4)
    clients = [await join(str(each), grant=replace(EVE, user_id=str(each))) for each in range(5)]
    for each in clients:
        room_of(each).permit(each.session.id, Permissions(messages=False))
    kept = room_of(clients[0]).standing
    assert [kept.of(each.session).messages for each in clients] == [True] * 3 + [False] * 2


async def test_an_owner_is_made_and_unmade(join: Join, native: RecordingEngine) -> None:
    eve = await join("Eve")
    await eve.offer(sending())
    room_of(eve).permit(eve.session.id, Permissions(owner=True))
    assert eve.session.participant.owner
    assert streams(native, eve)["audio"].pinned
    room_of(eve).permit(eve.session.id, Permissions())
    assert not streams(native, eve)["audio"].pinned


async def test_who_watches_hidden_has_no_rights_to_change(join: Join) -> None:
    spy = await join("Spy", grant=Grant("standup", hidden=True))
    with pytest.raises(RequestError):
        room_of(spy).permit(spy.session.id, Permissions())
    assert not spy.session.permissions.publish


@pytest.mark.parametrize("what", ["mute", "permit"])
async def test_a_direct_call_moves_to_the_sfu_at_once(join: Join, what: str) -> None:
    ada, eve = await join("Ada", p2p=True), await join("Eve", p2p=True)
    room, number = room_of(eve), 1
    for each in (ada, eve):
        room.peering.report(each.session, number, "connected")
    assert room.peering.carrier == "peer"
    if what == "mute":
        room.mute(eve.session.id, sources={"video"})
    else:
        room.permit(eve.session.id, Permissions(messages=False))
    for each in (ada, eve):
        assert each.of(TopologyChanged)[-1] == TopologyChanged("sfu", ("sfu",), None)
    room.peering.report(eve.session, number, "connected")
    room.peering.carried(eve.session, number, "peer")
    assert room.peering.carrier == "sfu", "whatever it says of the connection"
    if what == "mute":
        eve.session.unmute({"video"})
    else:
        room.permit(eve.session.id, Permissions())
    room.peering.wish("peer")
    await turn()
    assert room.peering.view(eve.session.id).connection is not None, "it may go back"


async def test_nothing_is_enforced_where_nothing_can_be(sfu: SFU, join: Join) -> None:
    room = sfu.rooms.create("standup", topology="p2p")
    eve = await join("Eve", p2p=True)
    for attempt in (
        lambda: room.mute(eve.session.id),
        lambda: room.permit(eve.session.id, Permissions(publish=NOTHING)),
    ):
        with pytest.raises(RequestError, match="p2p"):
            attempt()
    assert eve.session.p2p
    room.permit(eve.session.id, Permissions(owner=True))
    assert eve.session.permissions.owner


async def test_what_is_wrong_changes_nothing(join: Join) -> None:
    eve = await join("Eve")
    room = room_of(eve)
    with pytest.raises(RequestError, match="audio, screen, video"):
        room.mute(eve.session.id, sources={"audio", "film"})  # type: ignore[arg-type]
    assert not eve.session.rights.held
    for act in (lambda: room.mute("nobody"), lambda: room.eject("nobody")):
        with pytest.raises(KeyError):
            act()
    with pytest.raises(KeyError):
        room.permit("nobody", Permissions())


async def test_a_locked_room_opens_for_owners_and_who_was_in(join: Join) -> None:
    ada, eve = await join("Ada"), await join("Eve", listens=True)
    room = room_of(ada)
    room.lock()
    with pytest.raises(JoinError) as refused:
        await join("Bob")
    assert (refused.value.type, refused.value.info) == ("not-allowed", "The room is locked.")
    replaced = (eve.session.id, eve.session.resume_key)
    with pytest.raises(JoinError):
        await join("Bob", replaces=(eve.session.id, "guessed"))
    assert eve.session.ended is None
    await join("Eve", listens=True, replaces=replaced)
    assert eve.session.ended == "connection-error"
    await join("Host", grant=Grant("standup", owner=True))
    room.lock(False)
    await join("Bob")


def test_everything_is_what_there_is() -> None:
    assert Permissions().sources == {"audio", "video", "screenVideo", "screenAudio"}
    assert Permissions(publish=EVERYTHING).whole
