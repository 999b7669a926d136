"""Meeting tokens: JSON Web Tokens (RFC 7519) signed with HS256 and the server's secret.

One made here names its secret in the header `kid`, so that a secret can be exchanged while the
tokens of the one before are still good.

Claims: `room`, `name`, `owner`, `publish`, `subscribe`, `messages`, `hidden`, `sub` (the user's
id), `exp`, `nbf`, `iat`, `jti`, `eject_at_token_exp`. `publish` is true, false, or a list of what
may be published: `audio`, `video`, `screen`. Rights that a token does not name are the
ordinary ones: publish, subscribe and send messages; neither owner nor hidden. To hide is for who
owns the rooms to give: by the secret or the API key, never through a participant. A token without
`room` opens every room, so it is believed only when it makes its holder an owner. Neither the
secret nor a token ever appears in a log line, an exception or a repr.
"""

import hashlib
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Unpack

import jwt
from jwt.types import Options
from pydantic import SecretBytes, SecretStr

from fastsfu.auth.claims import (
    MAX_NAME_LENGTH,
    Invitation,
    claim_of,
    made,
    publish_of,
    time_of,
)
from fastsfu.auth.permissions import EVERYTHING, NOTHING, Permissions, publishable
from fastsfu.auth.resume_keys import ResumeKeys
from fastsfu.auth.signing import ALGORITHM, MIN_SECRET_BYTES, key_id, key_of, sign
from fastsfu.errors import TokenError
from fastsfu.terms import Publishable

LEEWAY = 10.0  # seconds that the clocks of signer and server may differ
MAX_TOKEN_BYTES = 4096
MOST_EARLIER = 16  # tokens that are remembered of who renews
# Times are checked against the caller's clock.
SIGNATURE_ONLY: Final[Options] = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
}


@dataclass(frozen=True)
class Grant:
    """What a verified token allows."""

    room: str | None  # None: every room (owners only)
    name: str = ""  # shown to the others; empty: the client may choose
    owner: bool = False
    publish: frozenset[Publishable] = EVERYTHING
    subscribe: bool = True
    messages: bool = True
    hidden: bool = False  # watch unseen, and nothing else; everybody is told how many do
    expires_at: float | None = None  # seconds since 1970; None: never
    eject_at_expiry: bool = False  # leave the room at expires_at, not only be kept from joining
    user_id: str | None = None  # the embedding application's id of the user
    token_id: str | None = None  # `jti`, or a hash of the token, to tell them apart
    earlier: tuple[str, ...] = ()  # ids of the tokens that this one came after, newest first

    @property
    def permissions(self) -> Permissions:
        """The rights with which its holder comes."""
        return Permissions(self.publish, self.subscribe, self.messages, self.owner)

    @property
    def key(self) -> str | None:
        """Whose it is, for quotas: the user's, else the token's own; None where there is none."""
        if self.user_id is not None:
            return f"sub {self.user_id}"
        return None if self.token_id is None else f"jti {self.token_id}"

    @property
    def ejects_at(self) -> float | None:
        """When its holder has to leave, in seconds since 1970; None: never for its sake."""
        return self.expires_at if self.eject_at_expiry else None

    def renewed(self, other: "Grant") -> "Grant":
        """This one, with the time limits of `other`: a newer token of the same holder.

        Raises TokenError when it is somebody else's, or gives other rights: then it is for joining.
        """
        rights = ("owner", "publish", "subscribe", "messages", "hidden", "user_id")
        other_rights = [each for each in rights if getattr(self, each) != getattr(other, each)]
        if other_rights:
            names = " and ".join(other_rights)
            raise TokenError("not-allowed", f"The token's {names} must be as in the one before.")
        return replace(
            self,
            expires_at=other.expires_at,
            eject_at_expiry=other.eject_at_expiry,
            token_id=other.token_id,
            earlier=(self.token_id, *self.earlier)[:MOST_EARLIER] if self.token_id else (),
        )

    def __post_init__(self) -> None:
        object.__setattr__(self, "publish", publishable(self.publish))  # a bool is all or none
        if self.hidden:  # who acts in a room is seen there
            for right, none in (("owner", False), ("publish", NOTHING), ("messages", False)):
                object.__setattr__(self, right, none)


class Tokens:
    """Signs meeting tokens with one secret, without one with a random one of its own, and verifies
    those of `former` secrets too.
    """

    def __init__(
        self, secret: SecretStr | str | None = None, former: Sequence[SecretStr | str] = ()
    ) -> None:
        self.resume_keys = ResumeKeys()
        self._random = SecretStr(secrets.token_urlsafe(MIN_SECRET_BYTES))
        self.rotate(secret, former)

    def __repr__(self) -> str:
        return "Tokens(secret=**********)"

    @property
    def random(self) -> SecretStr:
        """What it signs with where it was given no secret."""
        return self._random

    def adopt(self, random: SecretStr) -> None:
        """The random secret of a process before, where this one was given none either."""
        self._random = random
        self.rotate(None)

    def rotate(
        self, secret: SecretStr | str | None, former: Sequence[SecretStr | str] = ()
    ) -> None:
        """Sign with `secret` from now on, and verify with `former` ones too.

        So with `resume_keys`, the keys of sessions, which are made of the same secret.
        """
        texts = [self._random if secret is None else secret, *former]
        keys = [
            key_of(each if isinstance(each, str) else each.get_secret_value()) for each in texts
        ]
        self._keys = {key_id(key): SecretBytes(key) for key in keys}
        self.resume_keys.rotate(keys)

    def sign(
        self, room: str | None, *, now: float | None = None, **said: Unpack[Invitation]
    ) -> str:
        """A token for `room` (None: every room, then `owner` must be true), signed `now` (seconds
        since 1970).

        What else it says are the members of `Invitation`: `name`, `owner`, `publish`, `subscribe`,
        `messages`, `hidden`, `expires_in`, `not_before`, `eject_at_expiry`, `user_id`. Raises
        ValueError for a combination that `verify` would never accept.
        """
        claims = made(room, now=now, **said)
        key = next(iter(self._keys.values()))
        return sign(claims, key.get_secret_value())

    def read(self, token: str, now: float | None = None) -> Grant:
        """The rights that `token` carries in the room that it names; raises TokenError."""
        claims = self._claims(token)
        grant = _grant(claims, token)
        if grant.room is None and not grant.owner:
            raise TokenError("not-allowed", "The token names no room, and its holder is no owner.")
        _check_times(grant, time_of(claims, "nbf"), time.time() if now is None else now, False)
        return grant

    def verify(
        self, token: str, room: str, now: float | None = None, *, begun: bool = False
    ) -> Grant:
        """The rights that `token` carries in `room` at `now` (seconds since 1970).

        `begun`: for what its holder has begun while it was valid and can prove to be its own; then
        it does not matter that the token has expired, unless its holder is to leave with it.
        Raises TokenError: `exp-token`, `nbf-token`, else `not-allowed`.
        """
        claims = self._claims(token)
        grant = _grant(claims, token)
        if grant.room is None and not grant.owner:
            raise TokenError("not-allowed", "The token names no room, and its holder is no owner.")
        if grant.room is not None and grant.room != room:
            raise TokenError("not-allowed", "The token is for another room.")
        lasts = begun and not grant.eject_at_expiry
        _check_times(grant, time_of(claims, "nbf"), time.time() if now is None else now, lasts)
        return grant

    def _claims(self, token: str) -> Mapping[str, Any]:
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenError("not-allowed", f"The token is longer than {MAX_TOKEN_BYTES} bytes.")
        for key in self._keys_for(token):
            # Some malformed tokens leave the decoder as UnicodeError or RecursionError; the cause
            # is dropped, because its message may quote the token.
            with suppress(jwt.PyJWTError, ValueError, TypeError, RecursionError):
                return jwt.decode(token, key, algorithms=[ALGORITHM], options=SIGNATURE_ONLY)
        raise TokenError("not-allowed", "The token is not one that this server signed.")

    def _keys_for(self, token: str) -> Iterable[bytes]:
        """The one that it names; all, where it names none."""
        kid = None
        with suppress(jwt.PyJWTError, ValueError, TypeError, RecursionError):
            kid = jwt.get_unverified_header(token).get("kid")
        named = self._keys.get(kid) if isinstance(kid, str) else None
        keys = self._keys.values() if named is None else [named]
        return [key.get_secret_value() for key in keys]


def _grant(claims: Mapping[str, Any], token: str) -> Grant:
    digest = hashlib.sha256(token.encode()).hexdigest()  # tells apart those without a name
    return Grant(
        room=claim_of(claims, "room", str, None) or None,
        name=claim_of(claims, "name", str, "")[:MAX_NAME_LENGTH],
        owner=claim_of(claims, "owner", bool, False),
        publish=publish_of(claims),
        subscribe=claim_of(claims, "subscribe", bool, True),
        messages=claim_of(claims, "messages", bool, True),
        hidden=claim_of(claims, "hidden", bool, False),
        expires_at=time_of(claims, "exp"),
        eject_at_expiry=claim_of(claims, "eject_at_token_exp", bool, False),
        user_id=claim_of(claims, "sub", str, None),
        token_id=claim_of(claims, "jti", str, digest),
    )


def _check_times(grant: Grant, not_before: float | None, now: float, lasts: bool) -> None:
    if not lasts and grant.expires_at is not None and now >= grant.expires_at + LEEWAY:
        ago = _span(now - grant.expires_at)
        raise TokenError("exp-token", f"The token expired {ago} ago, by the server's clock.")
    if not_before is not None and now < not_before - LEEWAY:
        info = f"The token is valid in {_span(not_before - now)}, by the server's clock."
        raise TokenError("nbf-token", info)


def _span(seconds: float) -> str:
    """In the largest unit that it has at least two of."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
