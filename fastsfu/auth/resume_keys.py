"""Keys by which a client proves which session it had, also to a server that has forgotten it.

A key names the origin of its session and carries a MAC (RFC 2104, SHA-256) of room, session and
origin under a key that is derived from the server's one secret. So a server that was started again
knows who comes back, without having kept anything; a key is as good for a session that still lives.
"""

import base64
import hashlib
import hmac
import secrets

PURPOSE = b"fastsfu resume keys"


class ResumeKeys:
    """Makes and verifies them; without a secret, with a random one of its own."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._key = hmac.digest(secret or secrets.token_bytes(32), PURPOSE, hashlib.sha256)

    def __repr__(self) -> str:
        return "ResumeKeys(**********)"

    def sign(self, room: str, session_id: str, origin: str) -> str:
        """The key of a session: text of at most 100 characters."""
        statement = "\n".join((room, session_id, origin)).encode()
        mac = hmac.digest(self._key, statement, hashlib.sha256)
        return f"{origin}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    def origin(self, room: str, session_id: str, key: str) -> str | None:
        """The origin that a key proves; None when it is not the key of this session.

        Takes the same time for each wrong one of a length.
        """
        if not key.isascii() or not session_id.isascii():
            return None  # JSON can hold lone surrogates
        origin = key.rpartition(".")[0]
        right = self.sign(room, session_id, origin)
        return origin if hmac.compare_digest(right, key) else None
