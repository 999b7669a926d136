"""The one TCP port: HTTPS, TURN over TLS and TCP, and ICE over TCP, told apart by first bytes.

    16 03 ...                 TLS; inside it STUN (a first byte below 4) or HTTP
    .. .. .. .. 21 12 a4 42   STUN: a TURN client without TLS
    .. .. then that           STUN in a frame (RFC 4571): an ICE check (RFC 6544)

All else is closed without a word: there is no plain HTTP (promise P1).
"""

import asyncio
import ipaddress
import logging
import resource
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, cast

from fastsfu.http.bridge import COOKIE, Bridge, RoundRobin
from fastsfu.sfu import SFU

logger = logging.getLogger("fastsfu.http")

FIRST_BYTES: Final = 10  # tell all kinds apart; each begins with more
DISCARDED: Final = 65536  # bytes of what is not for us
PATIENCE: Final = 30.0  # seconds for the first bytes, of TLS and within it
MOST_OF_ADDRESS: Final = 1024  # connections; a company behind one address
MOST_BRIDGES: Final = 4096  # connections with media
MOST_BRIDGES_OF_ADDRESS: Final = 256
STUN_BELOW: Final = 4


class Door:
    """Accepts at one listening socket. uvicorn closes it as one of its servers."""

    def __init__(
        self,
        listener: socket.socket,
        context: ssl.SSLContext,
        sfu: SFU,
        http: Callable[[Callable[[], None]], asyncio.Protocol],
    ) -> None:
        """`http` makes the protocol of an HTTP connection, which calls what it is given at its end.

        Connections take at most half of the file descriptors, those of one address an eighth unless
        it is configured: the rest is for sockets to the workers and for TURN allocations.
        """
        listener.setblocking(False)
        self._listener = listener
        self._context = context
        self._sfu = sfu
        self._http = http
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = RoundRobin()
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        of_address = sfu.config.max_connections_per_address or min(files // 8, MOST_OF_ADDRESS)
        self._connections = Crowd(files // 2, of_address)
        self._media = Crowd(MOST_BRIDGES, MOST_BRIDGES_OF_ADDRESS)
        self._bridges: dict[Bridge, str] = {}
        self._accepting = asyncio.create_task(self._accept())

    def close(self) -> None:
        """Accept nothing more, and end what is no HTTP."""
        self._accepting.cancel()
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        for bridge in list(self._bridges):
            bridge.abort()

    async def wait_closed(self) -> None:
        """Until it is."""
        await asyncio.gather(self._accepting, *self._tasks, return_exceptions=True)

    async def _accept(self) -> None:
        while True:
            try:
                connection, address = await self._loop.sock_accept(self._listener)
            except OSError as error:  # no file descriptor left, or a client that has gone already
                logger.warning("accepting a connection failed: %s", error.strerror)
                await asyncio.sleep(0.1)
                continue
            if not self._connections.enter(address[0]):
                connection.close()
                continue
            task = self._loop.create_task(self._take(connection, address[0]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take(self, connection: socket.socket, address: str) -> None:
        with suppress(OSError, asyncio.CancelledError):
            if await self._hand_over(connection, address):
                return
        connection.close()
        self._connections.leave(address)

    async def _hand_over(self, connection: socket.socket, address: str) -> bool:
        """To whom its first bytes are for; False when they are for nobody. Raises OSError."""
        connection.setblocking(False)
        first = await self._first_bytes(connection)
        if first[:2] == b"\x16\x03":
            ended = partial(self._connections.leave, address)
            await self._loop.connect_accepted_socket(
                lambda: Inside(lambda: self._http(ended), lambda: self._bridge(address), ended),
                connection,
                ssl=self._context,
                ssl_handshake_timeout=PATIENCE,
            )
            return True
        if COOKIE in (first[4:8], first[6:10]):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            bridge = self._bridge(address)
            if bridge is not None:
                await self._loop.connect_accepted_socket(lambda: bridge, connection)
                return True
        connection.recv(DISCARDED)  # unread, it would make the close a reset
        return False

    async def _first_bytes(self, connection: socket.socket) -> bytes:
        """Look at them, and leave them there. Raises OSError (also TimeoutError)."""
        readable: asyncio.Future[None] = self._loop.create_future()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, FIRST_BYTES)

        def on_readable() -> None:
            if not readable.done():
                readable.set_result(None)

        self._loop.add_reader(connection, on_readable)
        try:
            async with asyncio.timeout(PATIENCE):
                await readable
        finally:
            self._loop.remove_reader(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        return connection.recv(FIRST_BYTES, socket.MSG_PEEK)

    def _bridge(self, address: str) -> Bridge | None:
        """A connection with media; None when there are too many."""
        if not self._media.enter(address):
            return None
        bridge = Bridge(self._sfu, self._turns, self._ended)
        self._bridges[bridge] = address
        return bridge

    def _ended(self, bridge: Bridge) -> None:
        address = self._bridges.pop(bridge)
        self._media.leave(address)
        self._connections.leave(address)


class Inside(asyncio.Protocol):
    """A TLS connection until its first bytes tell what it is; `ended` when it ends before."""

    def __init__(
        self,
        http: Callable[[], asyncio.Protocol],
        bridge: Callable[[], Bridge | None],
        ended: Callable[[], None],
    ) -> None:
        self._http = http
        self._bridge = bridge
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclasses of it
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._transport.close)

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        assert transport is not None
        if self._timer is not None:
            self._timer.cancel()
        protocol = self._bridge() if data[0] < STUN_BELOW else self._http()
        if protocol is None:
            transport.abort()
            return
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._ended()


class Crowd:
    """Who is in, by address. Of IPv6 64 bits are counted, since a client has all with these."""

    def __init__(self, most: int, most_of_address: int) -> None:
        self._most = most
        self._most_of_address = most_of_address
        self._of_network: Counter[bytes] = Counter()
        self._inside = 0

    def enter(self, address: str) -> bool:
        """False when there are too many already."""
        network = _network(address)
        crowded = self._of_network[network] >= self._most_of_address
        if crowded or self._inside >= self._most:
            return False
        self._of_network[network] += 1
        self._inside += 1
        return True

    def leave(self, address: str) -> None:
        """Who has entered has gone."""
        network = _network(address)
        self._inside -= 1
        self._of_network[network] -= 1
        if not self._of_network[network]:
            del self._of_network[network]


def _network(address: str) -> bytes:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.packed[:8]
