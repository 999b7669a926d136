"""Keys by which a client proves which session it had, also to a server that has never known it.

A key names the origin of its session and when it expires, and carries a MAC (RFC 2104, SHA-256) of
room, session, origin and expiry under a key that is derived from the server's secret. So a server
that was started again, or another one with the same secret, knows who comes, without having kept
anything. For the server whose session still lives its key does not expire.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence

PURPOSE = b"fastsfu resume keys"
LIFETIME = 86_400.0  # seconds for which a key proves something elsewhere
RANDOM_BYTES = 32


class ResumeKeys:
    """Makes and verifies them; without a secret, with a random one."""

    def __init__(self, *known: bytes) -> None:
        self.rotate(known or [secrets.token_bytes(RANDOM_BYTES)])

    def __repr__(self) -> str:
        return "ResumeKeys(**********)"

    def rotate(self, known: Sequence[bytes]) -> None:
        """Make them with the first of these secrets from now on, and verify with all."""
        self._keys = [hmac.digest(each, PURPOSE, hashlib.sha256) for each in known]

    def sign(self, room: str, session_id: str, origin: str, since: float) -> str:
        """The key of a session, LIFETIME from `since` (seconds since 1970): text of at most 120
        characters.
        """
        expires_at = str(int(since + LIFETIME))
        mac = _mac(self._keys[0], room, session_id, origin, expires_at)
        return f"{origin}.{expires_at}.{mac}"

    def matches(self, room: str, session_id: str, key: str) -> bool:
        """Whether it is a key of this session, whenever it was made.

        Takes the same time for each wrong one of a length.
        """
        if not key.isascii() or not session_id.isascii():
            return False  # JSON can hold lone surrogates
        origin, _, rest = key.partition(".")
        expires_at, _, mac = rest.partition(".")
        rights = [_mac(each, room, session_id, origin, expires_at) for each in self._keys]
        return any(hmac.compare_digest(right, mac) for right in rights)

    def origin(self, room: str, session_id: str, key: str, now: float | None = None) -> str | None:
        """The origin that a key proves at `now`; None when it has expired or is not this one's."""
        if not self.matches(room, session_id, key):
            return None
        origin, expires_at, _ = key.split(".")
        is_late = (time.time() if now is None else now) >= int(expires_at)
        return None if is_late else origin


def _mac(key: bytes, *parts: str) -> str:
    digest = hmac.digest(key, "\n".join(parts).encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
