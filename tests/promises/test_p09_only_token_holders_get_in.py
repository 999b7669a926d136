"""P9: only who holds a token for the room gets in, with just the rights that it carries.

Tokens expire; a room has a start, an end and a maximum of participants. The engine is a double,
except for app messages: what reaches it is what a client could send and get.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import jwt
import pytest

from fastsfu.auth.tokens import LEEWAY
from fastsfu.config import Config
from fastsfu.errors import FastSFUError
from fastsfu.events import Ended, Event
from fastsfu.sfu import SFU
from tests.support.messages_client import MessagesClient
from tests.support.offers import receiving, sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.server import live_server
from tests.support.virtual_time import virtually

SECRET = "correct horse battery staple, and a pony"


@asynccontextmanager
async def serving(native: RecordingEngine | None = None, **options: Any) -> AsyncIterator[SFU]:
    config = Config(media_ips=["192.0.2.10"], **{"secret": SECRET, **options})
    native = native or RecordingEngine()
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        yield sfu


@contextmanager
def refused(error: str) -> Iterator[None]:
    with pytest.raises(FastSFUError) as raised:
        yield
    assert raised.value.type == error


class Client:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def send(self, event: Event) -> None:
        self.events.append(event)


async def test_no_token_no_entry() -> None:
    async with serving() as sfu:
        with refused("not-allowed"):
            await sfu.open_session("standup")
        with refused("not-allowed"):
            await sfu.open_session("standup", token="")
        sfu.rooms.create("planned")
        with refused("not-allowed"):
            await sfu.open_session("planned")
        assert not sfu.sessions


async def test_a_token_opens_its_own_room_only() -> None:
    async with serving() as sfu:
        token = sfu.token("standup")
        with refused("not-allowed"):
            await sfu.open_session("boardroom", token=token)
        assert "boardroom" not in sfu.rooms
        session = await sfu.open_session("standup", token=token)
        assert session.room is sfu.rooms.get("standup")


FORGED = {
    "other secret": lambda claims: jwt.encode(claims, "x" * 32, algorithm="HS256"),
    "no signature": lambda claims: jwt.encode(claims, "", algorithm="none"),
    "signature cut off": lambda claims: jwt.encode(claims, SECRET).rpartition(".")[0] + ".",
    "room changed": lambda claims: _swap_payload(jwt.encode({"room": "lobby"}, SECRET), claims),
}


def _swap_payload(token: str, claims: dict[str, Any]) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{jwt.encode(claims, SECRET).split('.')[1]}.{signature}"


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
async def test_forged_tokens_open_nothing(forge: Any) -> None:
    claims = {"room": "standup", "owner": True, "exp": time.time() + 60}
    async with serving() as sfu:
        await sfu.open_session("standup", token=jwt.encode(claims, SECRET))
        with refused("not-allowed"):
            await sfu.open_session("standup", token=forge(claims))


async def test_secret_of_one_process_is_none_of_another() -> None:
    async with serving(secret=None) as one, serving(secret=None) as other:
        with refused("not-allowed"):
            await other.open_session("standup", token=one.token("standup"))


async def test_expired_and_future_tokens() -> None:
    async with serving() as sfu:
        with refused("exp-token"):
            old = sfu.token("standup", now=time.time() - 120, expires_in=60)
            await sfu.open_session("standup", token=old)
        with refused("nbf-token"):
            early = sfu.token("standup", not_before=time.time() + LEEWAY + 60)
            await sfu.open_session("standup", token=early)


@virtually
async def test_token_that_ejects_ends_the_session_at_its_expiry() -> None:
    native = RecordingEngine()
    async with serving(native) as sfu:
        client = Client()
        token = sfu.token("standup", expires_in=600, eject_at_expiry=True)
        session = await sfu.open_session("standup", token=token, signaler=client)
        await session.offer(str(sending()))
        native.connect(next(iter(native.transports)))
        await asyncio.sleep(598)
        assert session.ended is None
        await asyncio.sleep(3)
        assert session.ended == "exp-token"
        assert isinstance(client.events[-1], Ended)
        assert native.is_empty


@pytest.mark.parametrize("publish", [True, False])
@pytest.mark.parametrize("subscribe", [True, False])
async def test_media_goes_only_where_the_token_allows(publish: bool, subscribe: bool) -> None:
    native = RecordingEngine()
    async with serving(native) as sfu:
        other = await sfu.open_session("standup", token=sfu.token("standup"))
        await other.offer(str(sending()))
        token = sfu.token("standup", publish=publish, subscribe=subscribe)
        session = await sfu.open_session("standup", token=token)
        offer = str(sending().with_(*receiving(audio=1, video=1)))
        for _ in range(2):  # not by the first offer, nor by a later one
            answer = await session.offer(offer)
        assert len(native.inbounds) == (4 if publish else 2)
        assert len(native.outbounds) == (2 if subscribe else 0)
        assert len(answer.subscriptions) == (2 if subscribe else 0)
        session.update_receive_settings({"*": {"audio": True, "video": True}})
        await session.offer(offer)
        assert len(native.outbounds) == (2 if subscribe else 0)


async def test_messages_come_only_from_whom_the_token_allows() -> None:
    async with live_server() as server, server.socket() as first, server.socket() as second:
        mute, ben = MessagesClient(), MessagesClient()
        try:
            await mute.join(server, first, "standup", claims={"messages": False})
            await ben.join(server, second, "standup")
            mute.send("psst")
            await mute.until(lambda: bool(mute.of("refused")))
            assert mute.of("refused")[0]["error"] == "not-allowed"
            assert mute.config["can_send_messages"] is False
            ben.send("hello")
            await mute.until(lambda: mute.data() == ["hello"])
            assert ben.got == []
        finally:
            await mute.close()
            await ben.close()


async def test_name_and_ownership_are_those_of_the_token() -> None:
    async with serving() as sfu:
        token = sfu.token("standup", name="Ada")
        session = await sfu.open_session("standup", token=token, name="The Boss")
        with refused("not-allowed"):
            session.update_local(name="The Boss")
        assert (session.participant.name, session.participant.owner) == ("Ada", False)
        owner = await sfu.open_session("standup", token=sfu.token("standup", owner=True))
        assert owner.participant.owner


async def test_maximum_of_participants_holds_for_everybody() -> None:
    async with serving(max_participants=2) as sfu:
        owner = sfu.token("standup", owner=True)
        for _ in range(2):
            await sfu.open_session("standup", token=owner)
        with refused("meeting-full"):
            await sfu.open_session("standup", token=owner)
        with refused("meeting-full"):
            await sfu.open_session("standup", token=sfu.token("standup", hidden=True))
        await sfu.open_session("elsewhere", token=sfu.token("elsewhere"))


@virtually
async def test_room_opens_and_ends_on_time() -> None:
    native = RecordingEngine()
    async with serving(native) as sfu:
        now = time.time()
        sfu.rooms.create("early", starts_at=now + 600)
        with refused("nbf-room"):
            await sfu.open_session("early", token=sfu.token("early", owner=True))
        sfu.rooms.create("standup", ends_at=now + 600)
        session = await sfu.open_session("standup", token=sfu.token("standup"))
        await session.offer(str(sending()))
        native.connect(next(iter(native.transports)))
        await asyncio.sleep(601)
        assert session.ended == "exp-room"
        assert native.is_empty
        with refused("exp-room"):
            await sfu.open_session("standup", token=sfu.token("standup", owner=True))


async def test_session_is_resumed_only_with_its_key() -> None:
    async with serving() as sfu:
        token = sfu.token("standup")
        ada = await sfu.open_session("standup", token=token, signaler=Client())
        eve = await sfu.open_session("standup", token=token, signaler=Client())
        for key in ("", eve.resume_key, ada.resume_key[:-1]):
            with refused("not-allowed"):
                sfu.resume(ada.id, key, Client())
        assert sfu.resume(ada.id, ada.resume_key, Client()) is ada


async def test_a_lost_session_is_replaced_only_with_its_key() -> None:
    """Neither is it ended nor are its app messages given away to who does not have it."""
    async with serving() as sfu:
        join = partial(sfu.open_session, "standup", token=sfu.token("standup"), listens=True)
        ada, eve = await join(), await join()
        for key in ("", eve.resume_key):
            assert (thief := await join(replaces=(ada.id, key))).origin == thief.id
            assert ada.ended is None
        ada.leave("connection-error", "Lost.")
        thief = await join(replaces=(ada.id, eve.resume_key))
        assert thief.origin == thief.id
        again = await join(replaces=(ada.id, ada.resume_key))
        assert again.origin == ada.id


async def test_a_server_that_was_started_again_believes_only_a_key() -> None:
    """Nobody is taken for who was here before, nor for who is here, without the key of that one."""
    async with serving() as sfu:
        ada = await sfu.open_session("standup", token=sfu.token("standup"), listens=True)
        eve = await sfu.open_session("standup", token=sfu.token("standup"), listens=True)
    async with serving() as sfu:
        join = partial(sfu.open_session, "standup", token=sfu.token("standup"), listens=True)
        for key in ("", "\ud800", eve.resume_key, f"{ada.id}.{eve.resume_key.partition('.')[2]}"):
            thief = await join(replaces=(ada.id, key))
            assert thief.origin == thief.id
        again = await join(replaces=(ada.id, ada.resume_key))
        assert again.origin == ada.id
        twice = await join(replaces=(ada.id, ada.resume_key))
        assert twice.origin == twice.id
        later = await join(replaces=(again.id, again.resume_key))
        assert later.origin == ada.id
        elsewhere = await sfu.open_session(
            "boardroom",
            token=sfu.token("boardroom"),
            listens=True,
            replaces=(eve.id, eve.resume_key),
        )
        assert elsewhere.origin == elsewhere.id


async def test_refusals_tell_no_secret() -> None:
    async with serving() as sfu:
        token = sfu.token("standup")
        with pytest.raises(FastSFUError) as raised:
            await sfu.open_session("boardroom", token=token)
        for text in (str(raised.value), repr(raised.value), repr(sfu.tokens), repr(sfu.config)):
            assert token not in text
            assert SECRET not in text


async def test_who_may_only_watch_says_nothing_of_itself() -> None:
    async with serving() as sfu:
        token = sfu.token("standup", publish=False, messages=False)
        session = await sfu.open_session("standup", token=token, name="Eve", user_data="x" * 4000)
        assert (session.name, session.user_data) == ("Eve", None)
        for said in ({"name": "Mallory"}, {"user_data": "x" * 4000}):
            with refused("not-allowed"):
                session.update_local(**said)  # type: ignore[arg-type]
        session.update_local({"audio": False}, user_data=None, revision=1)
        assert (session.name, session.user_data) == ("Eve", None)


async def test_names_are_shown_as_what_they_are() -> None:
    async with serving() as sfu:
        token = sfu.token("standup", name="Ada\u202e\n")
        assert (await sfu.open_session("standup", token=token)).participant.name == "Ada"
        ben = await sfu.open_session("standup", token=sfu.token("standup"), name="\u2067Ben\x00")
        assert ben.participant.name == "Ben"
        ben.update_local(name="B\x07en\u202e")
        assert ben.participant.name == "B en"
