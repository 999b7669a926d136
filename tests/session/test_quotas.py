"""Quotas: what one token, session or room may use up, and that it is never somebody else's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest

from fastsfu.auth.tokens import Grant, Tokens
from fastsfu.config import Config
from fastsfu.errors import JoinError
from fastsfu.events import Failure
from fastsfu.session import quotas
from fastsfu.sfu import SFU
from tests.support.offers import receiving, sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Client, Join, turn

ADA, EVE = Grant("standup", token_id="ada"), Grant("standup", token_id="eve")


@asynccontextmanager
async def serving(native: RecordingEngine, **options: Any) -> AsyncIterator[Join]:
    config = Config(media_ips=["192.0.2.10"], open_rooms=True, workers=1, **options)
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        yield Join(sfu)
    assert native.is_empty


def streams(native: RecordingEngine) -> int:
    return len(native.inbounds) + len(native.outbounds)


def no_capacity(client: Client) -> list[str]:
    return [each.error for each in client.of(Failure)]


async def test_offers_alone_take_no_stream() -> None:
    """Whoever holds a token but proves no address uses up nothing of a worker but a transport."""
    native = RecordingEngine()
    native.checks = False
    async with serving(native) as join:
        clients = [await join(grant=EVE) for _ in range(10)]
        for each in clients:
            await each.receive_all(sending())
        assert (len(native.transports), streams(native)) == (10, 0)


@pytest.mark.parametrize("first", ["publisher", "receiver"])
async def test_streams_are_made_once_both_sides_have_a_path(first: str) -> None:
    native = RecordingEngine()
    native.checks = False
    async with serving(native) as join:
        ada, ben = await join(), await join()
        await ada.offer(sending())
        answer = await ben.receive_all(sending())
        assert len(answer.subscriptions) == 2
        of_ada, of_ben = native.transports
        native.connect(of_ada if first == "publisher" else of_ben)
        await turn()
        assert (len(native.inbounds), len(native.outbounds)) == (2, 0)
        native.connect(of_ben if first == "publisher" else of_ada)
        await turn()
        assert (len(native.inbounds), len(native.outbounds)) == (4, 2)
        ben.session.update_receive_settings({"*": {"video": False}})
        assert [each.paused for each in native.outbounds.values()].count(True) == 1


async def test_what_ends_before_it_has_a_path_was_never_there() -> None:
    native = RecordingEngine()
    native.checks = False
    async with serving(native) as join:
        ada, ben = await join(), await join()
        await ada.offer(sending())
        await ben.receive_all(sending())
        native.connect(list(native.transports)[1])
        await turn()
        await ada.offer(sending(video=False))
        native.connect(next(iter(native.transports)))
        await turn()
        assert len(native.outbounds) == 1
        ada.session.leave()
        assert len(native.outbounds) == 0


async def test_out_of_streams_the_new_is_refused_and_the_old_goes_on() -> None:
    native = RecordingEngine()
    async with serving(native) as join:
        ada, ben = await join("Ada"), await join("Ben")
        for each in (ada, ben):
            await each.receive_all(sending())
        await ada.receive_all(sending())
        assert streams(native) == 8
        native.room_left = 1  # for a transport
        eve = await join("Eve")
        await eve.receive_all(sending())
        assert no_capacity(eve) == ["no-capacity"], "once"
        for each in (ada, ben):
            await each.receive_all(sending())
            assert each.session.ended is None
        assert eve.session.ended is None
        assert streams(native) == 8
        native.room_left = 100
        await eve.receive_all(sending())
        for each in (ada, ben):
            await each.receive_all(sending())
        assert streams(native) == 3 * (2 + 2 * 2), "now there is room"


async def test_one_token_fills_no_room() -> None:
    native = RecordingEngine()
    async with serving(native, max_token_sessions=3) as join:
        sessions = [await join(grant=EVE) for _ in range(3)]
        with pytest.raises(JoinError) as refused:
            await join(grant=EVE)
        assert refused.value.type == "meeting-full"
        await join(grant=ADA)
        sessions[0].session.leave()
        await join(grant=EVE)
        with pytest.raises(JoinError):
            await join(grant=EVE)


async def test_a_user_is_one_whatever_tokens_they_have() -> None:
    native = RecordingEngine()
    async with serving(native, max_token_sessions=1) as join:
        await join(grant=Grant("standup", user_id="eve", token_id="1"))
        with pytest.raises(JoinError):
            await join(grant=Grant("standup", user_id="eve", token_id="2"))


async def test_who_is_refused_by_a_hook_counts_no_more() -> None:
    native = RecordingEngine()
    async with serving(native, max_token_sessions=1) as join:
        room = join.sfu.rooms.create("standup", max_participants=1)
        await join(grant=ADA)
        for _ in range(3):
            with pytest.raises(JoinError):
                await join(grant=EVE)
        next(iter(room.sessions.values())).leave()
        await join(grant=EVE)


@pytest.mark.parametrize(("whose", "most"), [("session", 6 + 7 + 7), ("token", 15), ("room", 15)])
async def test_streams_end_where_a_quota_does(
    whose: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "SESSION_STREAMS", 7 if whose == "session" else 1000)
    monkeypatch.setattr(quotas, "TOKEN_SHARE", 0.09 if whose == "token" else 1)
    monkeypatch.setattr(quotas, "ROOM_SHARE", 0.15 if whose == "room" else 1)
    native = RecordingEngine()
    async with serving(native, max_streams=100) as join:
        for each in [await join(grant=ADA) for _ in range(3)]:
            await each.offer(sending())
        eves = [await join(grant=EVE) for _ in range(2)]
        for each in eves:
            await each.offer(sending().with_(*receiving(audio=3, video=3)))
            assert each.session.ended is None
        assert no_capacity(eves[1]) == ["no-capacity"]
        assert streams(native) == most
        eves[0].session.leave()
        await eves[1].offer(sending().with_(*receiving(audio=3, video=3)))
        assert streams(native) == 6 + (7 if whose == "session" else 8), "there is room again"


async def test_a_token_without_an_id_has_quotas_too() -> None:
    tokens = Tokens("only-for-the-tests-0123456789-abcdef")
    signed = jwt.encode({"room": "standup"}, "only-for-the-tests-0123456789-abcdef")
    other = jwt.encode({"room": "standup", "iat": 1}, "only-for-the-tests-0123456789-abcdef")
    key = tokens.verify(signed, "standup").key
    assert key is not None
    assert key == tokens.verify(signed, "standup").key != tokens.verify(other, "standup").key
