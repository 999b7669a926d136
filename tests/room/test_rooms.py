"""Rooms: who is let in, when they end, hooks, the active speaker."""

import asyncio
import time
from typing import Any

import pytest

from fastsfu.auth.tokens import Grant
from fastsfu.config import Config
from fastsfu.errors import JoinError, RequestError, TokenError
from fastsfu.events import (
    ActiveSpeaker,
    Ended,
    HiddenParticipants,
    ParticipantJoined,
    ParticipantUpdated,
)
from fastsfu.room.requests import SPACING
from fastsfu.session.session import Session
from fastsfu.sfu import SFU
from tests.support.offers import OfferText, Section, sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Client, Join, turn
from tests.support.virtual_time import virtually

CONFIG = Config(media_ips=["192.0.2.10"], open_rooms=True)


async def test_room_of_the_first_goes_with_the_last(sfu: SFU, join: Join) -> None:
    ada, bob = await join(), await join()
    assert [room.name for room in sfu.rooms] == ["standup"]
    ada.session.leave()
    assert "standup" in sfu.rooms
    bob.session.leave()
    assert "standup" not in sfu.rooms
    assert not sfu.sessions


async def test_created_room_stays_until_deleted(sfu: SFU, join: Join) -> None:
    room = sfu.rooms.create("standup")
    with pytest.raises(RequestError):
        sfu.rooms.create("standup")
    ada = await join()
    ada.session.leave()
    assert sfu.rooms.get("standup") is room
    bob = await join()
    sfu.rooms.delete("standup")
    assert [type(each) for each in bob.events] == [Ended]
    assert bob.session.ended == "ejected"
    assert len(sfu.rooms) == 0
    with pytest.raises(KeyError):
        sfu.rooms.delete("standup")


async def test_room_may_be_made_before_there_is_a_loop(native: RecordingEngine) -> None:
    sfu = await asyncio.to_thread(SFU, CONFIG, open_engines=lambda _: [media_engine(native)])
    await asyncio.to_thread(sfu.rooms.create, "standup", ends_at=time.time() + 60)
    assert not sfu.running
    async with sfu:
        assert sfu.ready
        await sfu.open_session("standup")
        assert len(sfu.sessions) == 1


async def test_full_room(sfu: SFU, join: Join) -> None:
    sfu.rooms.create("standup", max_participants=2)
    ada, _ = await join(), await join()
    with pytest.raises(JoinError) as refused:
        await join()
    assert refused.value.type == "meeting-full"
    ada.session.leave()
    await join()


async def test_room_times(sfu: SFU, join: Join) -> None:
    now = time.time()
    sfu.rooms.create("standup", starts_at=now + 60)
    with pytest.raises(JoinError) as refused:
        await join()
    assert refused.value.type == "nbf-room"
    sfu.rooms.delete("standup")
    sfu.rooms.create("standup", starts_at=now - 60, ends_at=now - 1)
    with pytest.raises(JoinError) as refused:
        await join()
    assert refused.value.type == "exp-room"


@virtually
async def test_end_of_the_room_ends_all_its_sessions() -> None:
    native = RecordingEngine()
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
        sfu.rooms.create("standup", ends_at=time.time() + 60)
        clients = [Client() for _ in range(3)]
        for client in clients:
            client.session = await sfu.open_session("standup", signaler=client)
        other = await sfu.open_session("elsewhere")
        await asyncio.sleep(61)
        assert [client.session.ended for client in clients] == ["exp-room"] * 3
        assert other.ended is None
        with pytest.raises(JoinError) as refused:
            await sfu.open_session("standup")
        assert refused.value.type == "exp-room"


@pytest.mark.parametrize("is_async", [False, True])
async def test_on_join_may_refuse(is_async: bool, sfu: SFU, join: Join) -> None:
    asked: list[Session] = []

    def sync_hook(session: Session) -> None:
        asked.append(session)
        if session.name == "Mallory":
            raise JoinError("not-allowed", "Not you.")

    async def async_hook(session: Session) -> None:
        await asyncio.sleep(0)
        sync_hook(session)

    room = sfu.rooms.create("standup", on_join=async_hook if is_async else sync_hook)
    ada = await join("Ada")
    with pytest.raises(JoinError, match="Not you"):
        await join("Mallory")
    assert [each.name for each in asked] == ["Ada", "Mallory"]
    assert list(room.sessions) == [ada.session.id] == list(sfu.sessions)
    assert ada.of(ParticipantJoined) == []
    assert asked[1].ended is not None


async def test_room_is_neither_overfilled_nor_dropped_while_a_hook_thinks(
    native: RecordingEngine,
) -> None:
    go = asyncio.Event()

    async def hook(session: Session) -> None:
        await go.wait()

    config = Config(media_ips=["192.0.2.10"], open_rooms=True, max_participants=1)
    async with SFU(config, on_join=hook, open_engines=lambda _: [media_engine(native)]) as sfu:
        tasks = [asyncio.create_task(sfu.open_session("standup")) for _ in range(3)]
        await asyncio.sleep(0)
        go.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in results] == [Session, JoinError, JoinError]
        go.clear()
        first = results[0]
        assert isinstance(first, Session)
        waiting = asyncio.create_task(sfu.open_session("other"))
        await asyncio.sleep(0)
        room = sfu.rooms.get("other")
        first.leave()
        go.set()
        assert (await waiting).room is room


async def test_who_is_let_in_while_the_sfu_closes_is_not(native: RecordingEngine) -> None:
    go = asyncio.Event()

    async def hook(session: Session) -> None:
        await go.wait()

    async with SFU(CONFIG, on_join=hook, open_engines=lambda _: [media_engine(native)]) as sfu:
        late = asyncio.create_task(sfu.open_session("standup"))
        await asyncio.sleep(0)
    go.set()
    with pytest.raises(JoinError) as refused:
        await late
    assert refused.value.type == "end-of-life"
    assert not sfu.sessions


async def test_on_leave_is_awaited_and_its_fault_reported(native: RecordingEngine) -> None:
    left: list[tuple[str, str]] = []
    reports: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))

    async def hook(session: Session, reason: str) -> None:
        await asyncio.sleep(0)
        left.append((session.name, reason))
        if session.name == "Bob":
            raise ZeroDivisionError

    async with SFU(CONFIG, on_leave=hook, open_engines=lambda _: [media_engine(native)]) as sfu:
        ada = await sfu.open_session("standup", name="Ada")
        await sfu.open_session("standup", name="Bob")
        ada.leave()
    await asyncio.sleep(0)
    assert left == [("Ada", "left"), ("Bob", "end-of-life")]
    assert [type(each["exception"]) for each in reports] == [ZeroDivisionError]


async def test_without_a_token_only_where_rooms_are_open(native: RecordingEngine) -> None:
    config = Config(media_ips=["192.0.2.10"])
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        with pytest.raises(TokenError) as refused:
            await sfu.open_session("standup")
        assert refused.value.type == "not-allowed"
        assert len(sfu.rooms) == 0


async def test_hidden_session_is_not_told_of(join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada")
    await ada.offer(sending())
    ada.events.clear()
    viewer = await join(grant=Grant("standup", hidden=True))
    answer = await viewer.receive_all(OfferText())
    assert len(answer.subscriptions) == 2
    await viewer.offer(sending())
    assert len(native.inbounds) == 2
    with pytest.raises(RequestError, match="watch only"):
        viewer.session.update_local(user_data=1)
    await turn()
    assert ada.events == [HiddenParticipants(1)]
    viewer.session.leave()
    await turn()
    assert ada.events == [HiddenParticipants(1), HiddenParticipants(0)]
    assert ada.session.others() == []


async def test_watching_one_participant(join: Join) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending())
    viewer = await join(grant=Grant("standup", hidden=True), watch=bob.session.id)
    assert viewer.session.wanted_sections() == {"audio": 0, "video": 0}
    await bob.offer(sending())
    answer = await viewer.receive_all(OfferText())
    assert {each.session_id for each in answer.subscriptions.values()} == {bob.session.id}


@virtually
async def test_active_speaker() -> None:
    native = RecordingEngine()
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
        ada, bob = Client(), Client()
        for client in (ada, bob):
            client.session = await sfu.open_session("standup", signaler=client)
            await client.offer(sending())
        first, _, second, _ = native.inbounds
        native.fire("on_audio_level", first, 95)
        await asyncio.sleep(1)
        native.fire("on_audio_level", second, 120)
        await asyncio.sleep(1)
        native.fire("on_audio_level", first, 0)
        native.fire("on_audio_level", second, 0)
        await asyncio.sleep(10)
        spoken = [ada.session.id, bob.session.id, None]
        assert [each.session_id for each in ada.of(ActiveSpeaker)] == spoken
        native.fire("on_audio_level", first, 95)
        await asyncio.sleep(1)
        ada.session.leave()
        assert bob.of(ActiveSpeaker)[-1] == ActiveSpeaker(None)
        assert native.timeout is None


@virtually
async def test_who_takes_the_microphone_away_speaks_no_more() -> None:
    native = RecordingEngine()
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
        client = Client()
        client.session = await sfu.open_session("standup", signaler=client)
        await client.offer(sending())
        native.fire("on_audio_level", next(iter(native.inbounds)), 95)
        await asyncio.sleep(1)
        await client.offer(OfferText((Section("a", "audio", "inactive"),)))
        await asyncio.sleep(10)
        spoken = [each.session_id for each in client.of(ActiveSpeaker)]
        assert spoken == [client.session.id, None]


@virtually
async def test_joining_costs_each_of_the_others_a_fixed_number_of_events() -> None:
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(RecordingEngine())]) as sfu:
        join, clients = Join(sfu), list[Client]()
        for _ in range(40):
            client = await join()
            for each in clients:
                each.events.clear()
            await client.offer(sending())
            await asyncio.sleep(SPACING)
            assert [len(each.events) for each in clients] == [2] * len(clients)
            assert all(isinstance(each.events[0], ParticipantUpdated) for each in clients)
            clients.append(client)
