"""The one TCP port: HTTPS, TURN over TLS and TCP, and ICE over TCP, told apart by first bytes.

    16 03 ...                 TLS; inside it STUN (a first byte below 4) or HTTP
    .. .. .. .. 21 12 a4 42   STUN: a TURN client without TLS
    .. .. then that           STUN in a frame (RFC 4571): an ICE check (RFC 6544)

All else is closed without a word: there is no plain HTTP (promise P1).
"""

import asyncio
import logging
import resource
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, cast

from fastsfu.http import client_hello, proxy_protocol
from fastsfu.http.bridge import COOKIE, STUN_BELOW, Bridge, RoundRobin
from fastsfu.http.challenges import Answered, Challenges
from fastsfu.http.crowd import Crowd, Place
from fastsfu.http.forwarded import is_any
from fastsfu.http.strangers import Strangers
from fastsfu.sfu import SFU
from fastsfu.transport.addresses import TransportAddress

logger = logging.getLogger("fastsfu.http")

FIRST_BYTES: Final = 10  # tell all kinds apart; each begins with more
DISCARDED: Final = 65536  # bytes of what is not for us
PATIENCE: Final = 30.0  # seconds for the first bytes, of TLS and within it
PARTING: Final = 2.0  # seconds for the client's last word in TLS, after ours
MOST_OF_ADDRESS: Final = 1024  # connections; a company behind one address
MOST_INNER: Final = 64  # connections where no clients come
MOST_BRIDGES: Final = 4096  # connections with media
MOST_BRIDGES_OF_ADDRESS: Final = 256
REFUSALS_APART: Final = 1.0  # seconds between two lines of the log


class Door:
    """Accepts at one listening socket. uvicorn closes it as one of its servers."""

    def __init__(
        self,
        listener: socket.socket,
        context: ssl.SSLContext,
        sfu: SFU,
        http: Callable[[Place], asyncio.Protocol],
        challenges: Challenges | None = None,
        *,
        for_clients: bool = True,
    ) -> None:
        """`http` makes the protocol of an HTTP connection, which gives its place up at its end.
        `challenges` are those of ACME, which are answered while they are pending. One that is not
        `for_clients` takes no media, and nothing comes to it through a load balancer.

        Clients' connections take at most half of the file descriptors, those of one address an
        eighth unless it is configured: the rest is for sockets to the workers and for TURN
        allocations.
        """
        listener.setblocking(False)
        self._listener = listener
        self._context = context
        self._sfu = sfu
        self._http = http
        self._challenges = challenges
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = RoundRobin()
        self._strangers = Strangers(self._loop.time)
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        of_address = sfu.config.max_connections_per_address or min(files // 8, MOST_OF_ADDRESS)
        self._for_clients = for_clients
        # Where all may be of one address, whoever comes takes the place of one that is silent.
        self._connections = (
            Crowd(files // 2, of_address) if for_clients else Crowd(MOST_INNER, MOST_INNER + 1)
        )
        self._said_at = -REFUSALS_APART
        self.refused = 0  # connections, for want of a place
        self._media = Crowd(MOST_BRIDGES, MOST_BRIDGES_OF_ADDRESS)
        self._bridges: dict[Bridge, tuple[Place, Place]] = {}
        self._accepting = asyncio.create_task(self._accept())

    def pause(self) -> None:
        """Accept nothing for now: who comes waits in the listening socket."""
        self._accepting.cancel()

    def resume(self) -> None:
        """Accept again."""
        self._accepting = asyncio.create_task(self._accept())

    def stop_accepting(self) -> None:
        """Another process accepts there; who is in stays."""
        self._accepting.cancel()
        self._listener.close()

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
                connection, (ip, port, *_) = await self._loop.sock_accept(self._listener)
            except OSError as error:  # no file descriptor left, or a client that has gone already
                logger.warning("accepting a connection failed: %s", error.strerror)
                await asyncio.sleep(0.1)
                continue
            named_later = self._is_proxy(ip) or self._forwards(ip)
            place = self._connections.enter(None if named_later else ip)
            if place is None:
                self._refuse(connection, ip)
                continue
            client = TransportAddress(ip, port)
            task = self._loop.create_task(self._take(connection, place, client))
            place.abort = task.cancel
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @property
    def connections(self) -> int:
        """How many there are now."""
        return self._connections.inside

    @property
    def media_connections(self) -> int:
        """How many of them have media."""
        return self._media.inside

    def _refuse(self, connection: socket.socket, address: str) -> None:
        connection.close()
        self.note_refused(address)

    def note_refused(self, address: str) -> None:
        """The log names one a second at most, and how many there have been."""
        self.refused += 1
        now = self._loop.time()
        if now >= self._said_at + REFUSALS_APART:
            self._said_at = now
            logger.warning(
                "refused a connection: its address, or all together, have as many as they may",
                extra={"address": address, "refused": self.refused},
            )

    async def _take(
        self, connection: socket.socket, place: Place, client: TransportAddress
    ) -> None:
        connection.setblocking(False)
        with suppress(OSError, ValueError, asyncio.CancelledError):
            if self._is_proxy(client.ip):
                client = await self._client_behind(connection) or client
                if not place.come_from(client.ip):
                    place.leave()
                    self._refuse(connection, client.ip)
                    return
            if await self._hand_over(connection, place, client):
                return
        connection.close()
        place.leave()

    def _is_proxy(self, address: str) -> bool:
        """It is a load balancer's, which says first whom a connection comes from."""
        return self._for_clients and is_any(address, self._sfu.config.proxy_networks)

    def _forwards(self, address: str) -> bool:
        """It is a load balancer's, which says with each request whom that comes from."""
        return self._for_clients and is_any(address, self._sfu.config.forwarded_networks)

    async def _client_behind(self, connection: socket.socket) -> TransportAddress | None:
        """Whom it comes from; None: from the load balancer. Raises OSError, ValueError."""
        said = b""
        while more := proxy_protocol.missing(said):
            before, said = said, await self._first_bytes(connection, len(said) + more)
            if len(said) <= len(before):
                raise ValueError("the connection has ended")
        connection.recv(len(said))
        return proxy_protocol.client_of(said)

    async def _hand_over(
        self, connection: socket.socket, place: Place, client: TransportAddress
    ) -> bool:
        """To whom its first bytes are for; False when they are for nobody. Raises OSError."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # uvloop does, asyncio not
        first = await self._first_bytes(connection)
        if first[:2] == b"\x16\x03":
            if self._challenges and await self._answer(self._challenges, connection, place):
                return True
            bridge_of = partial(self._bridge, place, client)
            await self._loop.connect_accepted_socket(
                lambda: Inside(place, lambda: self._http(place), bridge_of),
                connection,
                ssl=self._context,
                ssl_handshake_timeout=PATIENCE,
                ssl_shutdown_timeout=PARTING,
            )
            return True
        if COOKIE in (first[4:8], first[6:10]):
            bridge = self._bridge(place, client)
            if bridge is not None:
                await self._loop.connect_accepted_socket(lambda: bridge, connection)
                return True
        connection.recv(DISCARDED)  # unread, it would make the close a reset
        return False

    async def _answer(
        self, challenges: Challenges, connection: socket.socket, place: Place
    ) -> bool:
        """Whether this is the ACME server, which then has had its answer. Raises OSError."""
        said = await self._first_bytes(connection)
        while more := client_hello.missing(said):
            before, said = said, await self._first_bytes(connection, len(said) + more)
            if len(said) <= len(before):  # it will say no more
                return False
        try:
            context = challenges.context_for(client_hello.parse(said))
        except ValueError:
            return False
        if context is None:
            return False
        await self._loop.connect_accepted_socket(
            Answered, connection, ssl=context, ssl_handshake_timeout=PATIENCE
        )
        place.leave()
        return True

    async def _first_bytes(self, connection: socket.socket, count: int = FIRST_BYTES) -> bytes:
        """Look at so many, and leave them there; fewer: it says no more. Raises OSError (also
        TimeoutError).
        """
        readable: asyncio.Future[None] = self._loop.create_future()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)

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
        return connection.recv(count, socket.MSG_PEEK)

    def _bridge(self, place: Place, client: TransportAddress) -> Bridge | None:
        """A connection with media; None when there are too many, or none is taken."""
        of_media = self._media.enter(client.ip) if self._for_clients else None
        if of_media is None:
            return None
        place.speak()
        stranger = self._strangers.at(client.ip)
        bridge = Bridge(self._sfu, self._turns, stranger, client, self._ended)
        of_media.abort = bridge.abort
        self._bridges[bridge] = place, of_media
        return bridge

    def _ended(self, bridge: Bridge) -> None:
        for place in self._bridges.pop(bridge):
            place.leave()


class Inside(asyncio.Protocol):
    """A TLS connection until its first bytes tell what it is."""

    def __init__(
        self,
        place: Place,
        http: Callable[[], asyncio.Protocol],
        bridge: Callable[[], Bridge | None],
    ) -> None:
        self._place = place
        self._http = http
        self._bridge = bridge
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclasses of it
        self._place.abort = self._transport.abort
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
        self._place.leave()
