"""API keys: secrets by which an application shows that it may use the REST interface.

Each has an id, which logs and rate limits go by, and scopes. None is ever shown again.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from fastsfu.options import Secret

Scope = Literal["rooms", "tokens", "metrics", "read-only"]
KeyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
FULL: tuple[Scope, ...] = tuple(each for each in get_args(Scope) if each != "read-only")


class ApiKey(BaseModel):
    """One key. `read-only` reads what `rooms` may read, and changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: KeyId
    key: Secret
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)] = FULL

    def may(self, scope: Scope, *, reads: bool) -> bool:
        """Whether it opens what needs `scope`; `reads`: nothing is changed there."""
        return scope in self.scopes or (reads and scope == "rooms" and "read-only" in self.scopes)


def _with_own_ids(keys: list[ApiKey]) -> list[ApiKey]:
    ids = [each.id for each in keys]
    if twice := [each for each in dict.fromkeys(ids) if ids.count(each) > 1]:
        raise ValueError(f"there are two keys of the id {twice[0]}")
    return keys


ApiKeyList = Annotated[list[ApiKey], AfterValidator(_with_own_ids)]


class Keyring:
    """All keys of a server."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._keys = [(_digest(each.key.get_secret_value()), each) for each in keys]

    def __bool__(self) -> bool:
        return bool(self._keys)

    def find(self, given: str) -> ApiKey | None:
        """The key that this is; takes the same time whichever it is, and for none."""
        digest = _digest(given)
        found = None
        for known, key in self._keys:
            if hmac.compare_digest(known, digest):
                found = key
        return found


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
