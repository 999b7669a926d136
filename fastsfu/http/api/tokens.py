"""Meeting tokens: made for who may open a room, and looked into."""

import time

from fastapi import Response
from pydantic import Field

from fastsfu.auth.claims import MAX_NAME_LENGTH
from fastsfu.auth.tokens import MAX_TOKEN_BYTES
from fastsfu.errors import TokenError
from fastsfu.http.answers import HttpError
from fastsfu.http.api.route import Answer, Body, Sfu, TokensRoute, router
from fastsfu.http.model import RoomName
from fastsfu.terms import Publishable

DEFAULT_SECONDS = 3600.0

tokens = router("meeting-tokens", TokensRoute)


class MeetingToken(Body):
    """What a meeting token is to say."""

    room: RoomName
    name: str = Field("", max_length=MAX_NAME_LENGTH)
    owner: bool = False
    publish: bool | list[Publishable] = True
    subscribe: bool = True
    messages: bool = True
    hidden: bool = False
    exp: float | None = Field(None, description="seconds since 1970; default: in one hour")
    nbf: float | None = Field(None, description="seconds since 1970")
    eject_at_token_exp: bool = False
    user_id: str | None = Field(None, max_length=256)


class SignedToken(Answer):
    """A meeting token; whoever has it is let in."""

    token: str = Field(repr=False)


class GivenToken(Body):
    """A meeting token to look into: in the body, since addresses are logged."""

    token: str = Field(max_length=MAX_TOKEN_BYTES, repr=False)


class Granted(Answer):
    """What a meeting token allows, as it is now."""

    room: str | None = Field(description="null: every room")
    name: str
    owner: bool
    publish: list[Publishable]
    subscribe: bool
    messages: bool
    hidden: bool
    exp: float | None = Field(description="seconds since 1970; null: never")
    eject_at_token_exp: bool
    user_id: str | None


@tokens.post("/meeting-tokens")
async def make_meeting_token(sfu: Sfu, wanted: MeetingToken, answer: Response) -> SignedToken:
    """Sign a meeting token for a room, which need not be there yet."""
    expires_in = DEFAULT_SECONDS if wanted.exp is None else wanted.exp - time.time()
    if expires_in <= 0:
        raise HttpError(400, "bad-request", "exp lies in the past")
    answer.headers["Cache-Control"] = "no-store"
    try:
        signed = sfu.token(
            wanted.room,
            name=wanted.name,
            owner=wanted.owner,
            publish=wanted.publish,
            subscribe=wanted.subscribe,
            messages=wanted.messages,
            hidden=wanted.hidden,
            expires_in=expires_in,
            not_before=wanted.nbf,
            eject_at_expiry=wanted.eject_at_token_exp,
            user_id=wanted.user_id,
        )
    except ValueError as error:
        raise HttpError(400, "bad-request", str(error)) from None
    return SignedToken(token=signed)


@tokens.post("/meeting-tokens/inspect")
async def inspect_meeting_token(sfu: Sfu, given: GivenToken) -> Granted:
    """What a token allows, if it opens its room now; 400 and why not, if it does not."""
    try:
        grant = sfu.tokens.read(given.token)
    except TokenError as error:
        raise HttpError(400, error.type, error.info) from None
    return Granted(
        room=grant.room,
        name=grant.name,
        owner=grant.owner,
        publish=sorted(grant.publish),
        subscribe=grant.subscribe,
        messages=grant.messages,
        hidden=grant.hidden,
        exp=grant.expires_at,
        eject_at_token_exp=grant.eject_at_expiry,
        user_id=grant.user_id,
    )
