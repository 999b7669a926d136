"""The claims of a meeting token: made for who is invited, and read with a word on what is wrong.

tokens.py has what each means.
"""

import secrets
import time
from collections.abc import Collection, Mapping
from typing import Any, TypedDict, TypeVar, Unpack

from fastsfu.auth.permissions import EVERYTHING, publishable
from fastsfu.errors import TokenError
from fastsfu.terms import Publishable

MAX_NAME_LENGTH = 200
ORDINARY_SECONDS = 3600.0

T = TypeVar("T")


class Invitation(TypedDict, total=False):
    """What a new token is to say; what is not given is as ordinary tokens have it."""

    name: str  # shown to the others; ordinary: their choice
    owner: bool
    publish: bool | Collection[Publishable]
    subscribe: bool
    messages: bool
    hidden: bool
    expires_in: float | None  # seconds from now; None: never; ordinary: an hour
    not_before: float | None  # seconds since 1970
    eject_at_expiry: bool
    user_id: str | None


def made(
    room: str | None, *, now: float | None = None, **said: Unpack[Invitation]
) -> dict[str, Any]:
    """Those of a new token; errors as of `Tokens.sign`."""
    if unknown := said.keys() - Invitation.__annotations__.keys():
        raise TypeError(f"a token has no {min(unknown)!r}")
    owner, hidden, name = said.get("owner", False), said.get("hidden", False), said.get("name", "")
    if not room and not owner:
        raise ValueError("a token without a room opens every room, so it must be an owner's")
    if not room and hidden:
        raise ValueError("who watches hidden needs a token of that room")
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(f"a name has at most {MAX_NAME_LENGTH} characters")
    now = time.time() if now is None else now
    publish, expires_in = said.get("publish", True), said.get("expires_in", ORDINARY_SECONDS)
    claims: dict[str, Any] = {
        "owner": owner,
        "publish": publish if isinstance(publish, bool) else sorted(set(publish)),
        "subscribe": said.get("subscribe", True),
        "messages": said.get("messages", True),
        "iat": int(now),
        "jti": secrets.token_urlsafe(9),
    }
    optional = {
        "room": room or None,
        "name": name or None,
        "sub": said.get("user_id"),
        "exp": None if expires_in is None else now + expires_in,
        "nbf": said.get("not_before"),
        "hidden": hidden or None,
        "eject_at_token_exp": said.get("eject_at_expiry") or None,
    }
    claims.update((claim, value) for claim, value in optional.items() if value is not None)
    _check(claims)
    return claims


def publish_of(claims: Mapping[str, Any]) -> frozenset[Publishable]:
    """What its holder may publish; raises TokenError."""
    said = claims.get("publish")
    if said is None:
        return EVERYTHING
    known = isinstance(said, list) and all(each in sorted(EVERYTHING) for each in said)
    if not known and not isinstance(said, bool):
        names = ", ".join(sorted(EVERYTHING))
        info = f"The token's claim 'publish' must be a bool, or a list of: {names}."
        raise TokenError("not-allowed", info)
    return publishable(said)


def claim_of(claims: Mapping[str, Any], name: str, kind: type, default: T) -> Any | T:
    """The value, if it is of this kind; raises TokenError."""
    value = claims.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise TokenError("not-allowed", f"The token's claim {name!r} must be a {kind.__name__}.")
    return value


def time_of(claims: Mapping[str, Any], name: str) -> float | None:
    """Seconds since 1970; raises TokenError."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise TokenError("not-allowed", f"The token's claim {name!r} must be seconds since 1970.")
    return float(value)


def _check(claims: Mapping[str, Any]) -> None:
    """Raise ValueError for what `verify` would never accept."""
    try:
        publish_of(claims)
        expires_at, not_before = time_of(claims, "exp"), time_of(claims, "nbf")
    except TokenError as error:
        raise ValueError(error.info) from None
    if expires_at is not None and not_before is not None and expires_at <= not_before:
        raise ValueError("the token would expire before it is valid")
