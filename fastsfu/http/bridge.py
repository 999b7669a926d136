"""Media over TCP and TLS, where no UDP comes through: a connection as a client of a worker.

What comes in a connection is TURN (RFC 8656 section 3.1) or an ICE check and what follows it in
frames (RFC 4571, RFC 6544); its first message tells. Each message goes to the worker as a datagram
of a socket of the connection's own, and back: for the worker it is one more address, and the engine
knows whose. All of it is encrypted already, by whoever sent it.
"""

import asyncio
import ipaddress
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol, cast

from fastsfu.http.strangers import Stranger
from fastsfu.sfu import SFU
from fastsfu.transport.addresses import IpAddress, TransportAddress, unmapped

COOKIE: Final = b"\x21\x12\xa4\x42"
LARGEST: Final = 16_384  # bytes of one message; the relay takes no longer ones
SHORTEST: Final = 8  # bytes of a packet in a frame: RTCP's header, all others are longer
MOST_WAITING: Final = 128 * 1024  # bytes that the connection has not taken: then media is dropped
DATAGRAMS_AT_ONCE: Final = 64  # of one connection, each way
DATAGRAMS_IN_ALL: Final = 256  # to the workers, in one turn of the event loop: a few ms at most
PAUSE_SECONDS: Final = 0.1  # of who asks for too much; until then some may have been proven
IDLE_SECONDS: Final = 900.0  # longer than an allocation lives without being refreshed
UFRAG_SIZE: Final = 8
STUN_HEADER: Final = 20
STUN_BELOW: Final = 4  # a first byte
ANSWER: Final = 1  # the first byte of a STUN response of any kind that the worker sends
USERNAME: Final = 0x0006
MESSAGE_INTEGRITY: Final = 0x0008
STUN_CLASS: Final = 0x0110  # of a message type; none of its bits: a request


class Worker(Protocol):
    """What a bridge needs of the engine behind it."""

    @property
    def port(self) -> int: ...
    @property
    def tcp_clients(self) -> dict[tuple[str, int], TransportAddress]: ...
    def forget_client(self, ip: str, port: int) -> None: ...


class BadStream(Exception):
    """What came is no message of the kind that the connection began with."""


def cut_turn(buffer: bytes | bytearray) -> tuple[int, int, int] | None:
    """(begin, end, next) of the first STUN or ChannelData message; None when it is not complete."""
    if len(buffer) < 4:
        return None
    size = int.from_bytes(buffer[2:4], "big")
    if buffer[0] < STUN_BELOW:
        size += STUN_HEADER
    elif 0x40 <= buffer[0] < 0x80:
        size += 4
    else:
        raise BadStream
    if size > LARGEST:
        raise BadStream
    padded = size + -size % 4  # RFC 8656 section 12.5
    return (0, size, padded) if len(buffer) >= padded else None


def cut_framed(buffer: bytes | bytearray) -> tuple[int, int, int] | None:
    """The same for RFC 4571: a length of two bytes, then the packet."""
    if len(buffer) < 2:
        return None
    end = 2 + int.from_bytes(buffer[:2], "big")
    if not 2 + SHORTEST <= end <= LARGEST:
        raise BadStream
    return (2, end, end) if len(buffer) >= end else None


def pad_turn(datagram: bytes) -> bytes:
    return datagram + bytes(-len(datagram) % 4)


def frame(datagram: bytes) -> bytes:
    return len(datagram).to_bytes(2, "big") + datagram


def ufrag_of(check: bytes | bytearray) -> str:
    """Our part of the USERNAME of an ICE check (RFC 8445 section 7.2.2); "" when there is none."""
    username = attribute_of(check, USERNAME) or b""
    return username[:UFRAG_SIZE].decode("latin-1")


def is_request(message: bytes | bytearray) -> bool:
    """Of STUN (RFC 8489 section 5); what begins it is enough."""
    return message[0] < STUN_BELOW and not int.from_bytes(message[:2], "big") & STUN_CLASS


def is_signed_answer(message: bytes) -> bool:
    """To an authentic request: a success or an error with MESSAGE-INTEGRITY."""
    return message[0] == ANSWER and attribute_of(message, MESSAGE_INTEGRITY) is not None


def attribute_of(message: bytes | bytearray, wanted: int) -> bytes | None:
    """The first of that type in a STUN message (RFC 8489 section 14)."""
    place = STUN_HEADER
    while place + 4 <= len(message):
        kind = int.from_bytes(message[place : place + 2], "big")
        size = int.from_bytes(message[place + 2 : place + 4], "big")
        if kind == wanted:
            return bytes(message[place + 4 : place + 4 + size])
        place += 4 + size + -size % 4
    return None


class RoundRobin:
    """Which bridges pass on what came, in this turn of the event loop: each a share, one by one.

    So all else in the loop waits for a bounded number of messages, whoever sends how small ones.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Bridge] = deque()

    def add(self, bridge: "Bridge") -> None:
        """Give it turns until it has passed on all."""
        if not self._waiting:
            self._loop.call_soon(self._serve)
        self._waiting.append(bridge)

    def _serve(self) -> None:
        served = 0
        while self._waiting and served < DATAGRAMS_IN_ALL:
            bridge = self._waiting.popleft()
            passed_on = bridge.pass_on()
            if passed_on == DATAGRAMS_AT_ONCE:
                self._waiting.append(bridge)
            served += 1 + passed_on
        if self._waiting:
            self._loop.call_soon(self._serve)


class Bridge(asyncio.Protocol):
    """One connection of a `client`. `closed` is called with it when it has ended.

    While what it has read waits for its turn it reads once more at most.
    """

    def __init__(
        self,
        sfu: SFU,
        turns: RoundRobin,
        stranger: Stranger,
        client: TransportAddress,
        closed: Callable[["Bridge"], None],
    ) -> None:
        self._sfu = sfu
        self._turns = turns
        self._stranger = stranger
        self._client = client
        self._closed = closed
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._is_waiting = False  # for its turn
        self._is_pausing = False  # since it asked for too much
        self._cut = cut_turn
        self._wrap = pad_turn
        self._engine: Worker | None = None
        self._socket: socket.socket | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclasses of it
        self._wait()

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._buffer += data
        if self._is_waiting:
            self._transport.pause_reading()
        else:
            self._is_waiting = True
            self._turns.add(self)

    def pass_on(self) -> int:
        """Its share of messages to the worker; when there are fewer, it has passed on all."""
        assert self._transport is not None
        if self._transport.is_closing():
            return 0
        passed_on = 0
        try:
            if self._socket is not None or self._begin():
                while passed_on < DATAGRAMS_AT_ONCE and self._pass_on_first():
                    passed_on += 1
        except (BadStream, OSError):
            self.abort()
            return passed_on
        if passed_on < DATAGRAMS_AT_ONCE and not self._is_pausing:
            self._is_waiting = False
            self._transport.resume_reading()
        return passed_on

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        try:
            if self._socket is not None:
                self._forget(self._socket)
        finally:
            self._closed(self)

    def abort(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def _begin(self) -> bool:
        """Once the first message is there: tell its kind, and open the socket to the worker."""
        if len(self._buffer) < 10:
            return False
        if self._buffer[4:8] != COOKIE:
            if self._buffer[6:10] != COOKIE:
                raise BadStream
            self._cut, self._wrap = cut_framed, frame
        found = self._cut(self._buffer)
        if found is None:
            return False
        ufrag = ufrag_of(self._buffer[found[0] : found[1]]) if self._cut is cut_framed else ""
        self._engine = self._sfu.engine_of(ufrag)
        self._socket = self._connect(self._engine.port)
        self._engine.tcp_clients[self._socket.getsockname()[:2]] = self._client
        self._loop.add_reader(self._socket.fileno(), self._on_datagrams)
        return True

    def _connect(self, port: int) -> socket.socket:
        """At the address that the client reached us at, so that the worker knows it too."""
        assert self._transport is not None
        address = _own_address(self._transport.get_extra_info("sockname"))
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        found = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            found.connect((str(address), port))
        except OSError:
            found.close()
            raise
        return found

    def _pass_on_first(self) -> bool:
        """False when the first message is not complete, or has to wait."""
        assert self._socket is not None
        found = self._cut(self._buffer)
        if found is None:
            return False
        begin, end, rest = found
        if is_request(self._buffer[begin : begin + 2]) and not self._stranger.asks():
            self._is_pausing = True
            self._loop.call_later(PAUSE_SECONDS, self._go_on)
            return False
        with suppress(BlockingIOError, ConnectionRefusedError):  # lost, as datagrams may be
            self._socket.send(self._buffer[begin:end])
        del self._buffer[:rest]  # moves only its beginning
        self._wait()
        return True

    def _go_on(self) -> None:
        self._is_pausing = False
        self._turns.add(self)

    def _forget(self, found: socket.socket) -> None:
        with found:
            self._loop.remove_reader(found.fileno())
            ip, port = found.getsockname()[:2]
            if self._engine is not None:
                self._engine.tcp_clients.pop((ip, port), None)
            if self._engine is not None and self._wrap is pad_turn:
                self._engine.forget_client(ip, port)

    def _on_datagrams(self) -> None:
        """What the worker has sent; one write for all of it."""
        assert self._socket is not None
        assert self._transport is not None
        messages: list[bytes] = []
        with suppress(OSError):  # there are no more, or the worker has gone
            while len(messages) < DATAGRAMS_AT_ONCE:
                datagram = self._socket.recv(LARGEST + STUN_HEADER)
                if is_signed_answer(datagram):
                    self._stranger.proves()
                messages += [self._wrap(datagram)]
        if messages and self._transport.get_write_buffer_size() < MOST_WAITING:
            self._transport.write(b"".join(messages))

    def _wait(self) -> None:
        if self._timer is None:
            self._heard = self._loop.time()
            self._timer = self._loop.call_later(IDLE_SECONDS, self._look)
        else:
            self._heard = self._loop.time()

    def _look(self) -> None:
        """A connection that nothing came from for so long is of no use any more."""
        left = self._heard + IDLE_SECONDS - self._loop.time()
        if left <= 0:
            self.abort()
        else:
            self._timer = self._loop.call_later(left, self._look)


def _own_address(sockname: tuple[str, int]) -> IpAddress:
    address = unmapped(sockname[0])
    if isinstance(address, ipaddress.IPv6Address) and address.is_link_local:  # needs its zone
        return ipaddress.IPv6Address("::1")
    return address
