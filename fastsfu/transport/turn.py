"""TURN servers as clients are told of them, with credentials that expire.

The user name is "EXPIRY:USER" (seconds since 1970), the password the base64 of
HMAC-SHA1(secret, user name): the time-limited scheme of coturn's `use-auth-secret` and others. Who
knows the secret can verify them without asking anybody.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

# RFC 7064 section 3.1 and RFC 7065 section 3.1
_URL = re.compile(
    r"(?P<scheme>stuns?|turns?):(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(:\d{1,5})?"
    r"(?P<transport>\?transport=(udp|tcp))?"
)


@dataclass(frozen=True, slots=True)
class IceServer:
    """One RTCIceServer (webrtc-pc section 4.2.4). A STUN server needs no credential."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = field(default=None, repr=False)
    peer_only: bool = False  # not for the connection to this server (transport/relay)


def credentials(secret: bytes, user: str, expires_at: float) -> tuple[str, str]:
    """User name and password for `user`, good until `expires_at` (seconds since 1970)."""
    username = f"{int(expires_at)}:{user}"
    digest = hmac.digest(secret, username.encode(), hashlib.sha1)
    return username, base64.b64encode(digest).decode()


def ice_servers(
    urls: Iterable[str], secret: bytes | None, user: str, expires_at: float
) -> list[IceServer]:
    """Servers at `urls` that share `secret`: those for TURN with credentials, then those for STUN.

    Without TURN URLs the secret is not needed.
    """
    relays: list[str] = []
    others: list[str] = []
    for url in urls:
        (relays if url.startswith("turn") else others).append(url)
    found = []
    if relays:
        if secret is None:
            raise ValueError("TURN servers need a secret")
        found.append(IceServer(tuple(relays), *credentials(secret, user, expires_at)))
    if others:
        found.append(IceServer(tuple(others)))
    return found


def check_urls(urls: Sequence[str]) -> list[str]:
    """The URLs, each once; ValueError for what is no `turn:`, `turns:`, `stun:` or `stuns:` URL."""
    for url in urls:
        match = _URL.fullmatch(url)
        if not match or (match["scheme"].startswith("stun") and match["transport"]):
            raise ValueError(f"{url!r} is no TURN or STUN URL, like turn:host:3478?transport=udp")
    return list(dict.fromkeys(urls))
