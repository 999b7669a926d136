"""Whom a request comes from, where a load balancer ends TLS and says so: X-Forwarded-For.

Each proxy on the way appends the address that it was reached from. So it is read from its end, as
far as those are trusted who say it; what a client writes into it comes before that.
"""

import ipaddress
from collections.abc import Iterable, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from fastsfu.transport.addresses import is_within

NAME = b"x-forwarded-for"

Headers = Iterable[tuple[bytes, bytes]]


def client_of(headers: Headers, peer: str, trusted: Sequence[str]) -> str | None:
    """The first address from the end that is none of `trusted` networks, or else the last one that
    was read; None: `peer` is none of theirs, or says nothing.
    """
    if not is_any(peer, trusted):
        return None
    said = b",".join(value for name, value in headers if name.lower() == NAME).decode("latin-1")
    client = None
    for part in reversed(said.split(",")):
        address = _address(part.strip())
        if address is None:
            break
        client = address
        if not is_any(address, trusted):
            break
    return client


def is_any(address: str, networks: Iterable[str]) -> bool:
    """It is of one of these."""
    return any(is_within(address, network) for network in networks)


def forwarded(app: ASGIApp, trusted: Sequence[str]) -> ASGIApp:
    """`app`, which is told the client's address in the place of the load balancer's."""

    async def forwarded_app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and scope.get("client"):
            client = client_of(scope["headers"], scope["client"][0], trusted)
            if client is not None:
                scope = {**scope, "client": (client, 0)}
        await app(scope, receive, send)

    return forwarded_app if trusted else app


def _address(text: str) -> str | None:
    """An address, which some write with a port."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
