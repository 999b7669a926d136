"""A wire between one client and a server that loses datagrams, by a seed, so that a run can be had
again.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from tests.support.tap import LOOPBACK, Ear


class Wire:
    """`host` and `port` are where the client has to send; `lost` counts what did not come out."""

    port = 0
    lost = 0

    def __init__(self, host: str, share: float, seed: int) -> None:
        self.host = host
        self._share = share
        self._chance = random.Random(seed)

    def loses(self) -> bool:
        lost = self._chance.random() < self._share
        self.lost += lost
        return lost

    @property
    def candidate(self) -> str:
        """Its line in a description."""
        return f"a=candidate:1 1 udp 2130706431 {self.host} {self.port} typ host"

    def through(self, answer: str) -> str:
        """The server's answer, with this wire as the only candidate of each section."""
        lines = [each for each in answer.split("\r\n") if not each.startswith("a=candidate:")]
        return "\r\n".join(f"{self.candidate}\r\n{e}" if e == END else e for e in lines)


END = "a=end-of-candidates"


@asynccontextmanager
async def lossy(
    server_port: int,
    share: float,
    seed: int = 1,
    host: str = LOOPBACK,
    only: Literal["up", "down"] | None = None,
) -> AsyncIterator[Wire]:
    """A wire to this server for one client; it loses this share of what goes through it, `only` one
    way or both. `host`: an address of this machine for it; libnice takes none of the loopback.
    """
    loop, wire, client = asyncio.get_running_loop(), Wire(host, share, seed), None

    def upward(data: bytes, address: Any) -> None:
        nonlocal client
        client = address
        if only == "down" or not wire.loses():
            server_side.sendto(data)

    def downward(data: bytes, address: Any) -> None:
        if client is not None and (only == "up" or not wire.loses()):
            client_side.sendto(data, client)

    client_side, _ = await loop.create_datagram_endpoint(lambda: Ear(upward), local_addr=(host, 0))
    server_side, _ = await loop.create_datagram_endpoint(
        lambda: Ear(downward), remote_addr=(LOOPBACK, server_port)
    )
    wire.port = client_side.get_extra_info("sockname")[1]
    try:
        yield wire
    finally:
        client_side.close()
        server_side.close()
