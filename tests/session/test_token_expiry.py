"""Tokens that end while the call goes on: who has begun with one goes on, and may come back."""

import asyncio
import time
from typing import Any

import pytest

from fastsfu.auth.permissions import NOTHING
from fastsfu.auth.tokens import Grant
from fastsfu.config import Config
from fastsfu.errors import RequestError, TokenError
from fastsfu.session.session import Session
from fastsfu.sfu import SFU
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Client
from tests.support.virtual_time import virtually


def expired(sfu: SFU, room: str = "standup", **claims: Any) -> str:
    """A token that was good until an hour ago."""
    return sfu.token(room, now=time.time() - 7200, expires_in=3600, **claims)


async def lost(sfu: SFU, reason: str = "timeout", **grant: Any) -> Session:
    """A session of a client that may come back, and whose token has expired meanwhile."""
    session = await sfu.open_session(
        "standup", grant=Grant(room="standup", name="Ada", **grant), listens=True
    )
    session.leave(reason)
    return session


async def rejoin(sfu: SFU, session: Session, key: str = "", **claims: Any) -> Session:
    return await sfu.open_session(
        "standup",
        token=expired(sfu, **claims),
        replaces=(session.id, key or session.resume_key),
        listens=True,
    )


async def refused(sfu: SFU, session: Session, **how: Any) -> str:
    with pytest.raises(TokenError) as error:
        await rejoin(sfu, session, **how)
    return error.value.type


async def test_lost_client_rejoins_with_the_token_that_it_came_with(sfu: SFU) -> None:
    previous = await lost(sfu, owner=True, publish=False)
    again = await rejoin(sfu, previous)
    assert again.origin == previous.id
    assert (again.name, again.grant.owner, again.grant.publish) == ("Ada", True, NOTHING)


async def test_so_does_one_whose_old_session_still_lives(sfu: SFU) -> None:
    previous = await sfu.open_session("standup", grant=Grant(room="standup"))
    again = await rejoin(sfu, previous)
    assert (previous.ended, again.ended) == ("connection-error", None)


async def test_who_does_not_hold_the_resume_key_is_refused(sfu: SFU) -> None:
    previous = await lost(sfu)
    assert await refused(sfu, previous, key="guessed") == "exp-token"
    with pytest.raises(TokenError):
        await sfu.open_session("standup", token=expired(sfu))
    await rejoin(sfu, previous)


async def test_who_was_put_out_does_not_come_back(sfu: SFU) -> None:
    assert await refused(sfu, await lost(sfu, "ejected")) == "exp-token"
    assert await refused(sfu, await lost(sfu, "exp-token")) == "exp-token"


async def test_token_that_ejects_lets_nobody_back(sfu: SFU) -> None:
    assert await refused(sfu, await lost(sfu), eject_at_expiry=True) == "exp-token"


async def test_token_of_somewhere_else_is_no_token(sfu: SFU) -> None:
    previous = await lost(sfu)
    for token in ("x", expired(sfu, "another")):
        with pytest.raises(TokenError) as error:
            await sfu.open_session(
                "standup", token=token, replaces=(previous.id, previous.resume_key)
            )
        assert error.value.type == "not-allowed"


@virtually
async def test_renewed_token_ejects_at_its_own_time() -> None:
    native, config = RecordingEngine(), Config(media_ips=["192.0.2.10"])
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        client = Client()
        token = sfu.token("standup", expires_in=60, eject_at_expiry=True)
        session = await sfu.open_session("standup", token=token, signaler=client)
        later = sfu.token("standup", expires_in=600, eject_at_expiry=True)
        session.renew(sfu.tokens.verify(later, "standup"))
        await asyncio.sleep(590)
        assert session.ended is None
        await asyncio.sleep(12)
        assert session.ended == "exp-token"
        with pytest.raises(RequestError):
            session.renew(sfu.tokens.verify(later, "standup"))


@pytest.mark.parametrize(
    "other", [{"owner": True}, {"publish": False}, {"messages": False}, {"user_id": "eve"}]
)
async def test_renewing_gives_no_other_rights(sfu: SFU, other: dict[str, Any]) -> None:
    session = await sfu.open_session("standup", token=sfu.token("standup", name="Ada"))
    before = session.grant
    with pytest.raises(TokenError, match=next(iter(other))) as error:
        session.renew(sfu.tokens.verify(sfu.token("standup", **other), "standup"))
    assert error.value.type == "not-allowed"
    assert session.grant == before
    session.renew(sfu.tokens.verify(sfu.token("standup", expires_in=None), "standup"))
    assert (session.grant.expires_at, session.grant.name) == (None, "Ada")
