"""A wire tap: UDP between one client and a server goes through it, and it keeps a copy of all.

It stands between their sockets on the loopback, so it needs no privilege, and sees what a network
would: datagrams with their TURN framing (RFC 8656).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aioice import stun

LOOPBACK = "127.0.0.1"


@dataclass
class Tap:
    """`port` is where the client has to send instead of to the server."""

    port: int = 0
    sent: list[bytes] = field(default_factory=list)  # by the client
    received: list[bytes] = field(default_factory=list)  # by the client


class Ear(asyncio.DatagramProtocol):
    """One of its two sockets."""

    def __init__(self, heard: Callable[[bytes, Any], None]) -> None:
        self.heard = heard

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.heard(data, address)


@asynccontextmanager
async def tapped(server_port: int) -> AsyncIterator[Tap]:
    """A tap in front of this server, for one client."""
    loop, tap, client = asyncio.get_running_loop(), Tap(), None

    def upward(data: bytes, address: Any) -> None:
        nonlocal client
        client = address
        tap.sent.append(data)
        server_side.sendto(data)

    def downward(data: bytes, address: Any) -> None:
        tap.received.append(data)
        client_side.sendto(data, client)

    client_side, _ = await loop.create_datagram_endpoint(
        lambda: Ear(upward), local_addr=(LOOPBACK, 0)
    )
    server_side, _ = await loop.create_datagram_endpoint(
        lambda: Ear(downward), remote_addr=(LOOPBACK, server_port)
    )
    tap.port = client_side.get_extra_info("sockname")[1]
    try:
        yield tap
    finally:
        client_side.close()
        server_side.close()


def relayed(datagram: bytes) -> bytes | None:
    """What a TURN message carries for the peer, or from it; None for what the relay itself is
    asked or answers.
    """
    if datagram[0] >> 6 == 1:  # ChannelData (section 12.4)
        size = int.from_bytes(datagram[2:4])
        return datagram[4 : 4 + size]
    data: bytes | None = stun.parse_message(datagram).attributes.get("DATA")
    return data
