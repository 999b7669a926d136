"""Media through a TURN relay, by the load's own clients: video as a browser sends it.

Each sender plays a captured trace, packet by packet, in its real timing. What comes is compared
with what was sent; its latency runs from the sender's clock to the kernel's receive timestamp, over
TCP to the clock of the reader. Sockets are looked at and never waited on: on loopback the server's
core would pay for waking us, which no receiver on a network makes it do.
"""

import hashlib
import heapq
import random
import select
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from aioice import stun

HOST = "127.0.0.1"
TIMESTAMPNS = 35  # SO_TIMESTAMPNS, which the socket module does not name
STAMP = struct.Struct("!IIQ")  # sender, index, CLOCK_REALTIME in ns
CHANNEL = b"\x40\x00"
BUFFER_BYTES = 4 << 20
LOOK_NS = 500_000  # between two looks at the sockets
DRAIN_NS = 300_000_000
UDP = 17
Address = tuple[str, int]


class Plain:
    """A peer with a socket of its own."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self.socket.setsockopt(socket.SOL_SOCKET, TIMESTAMPNS, 1)
        self.address: Address = self.socket.getsockname()

    def meet(self, address: Address) -> None:
        """Talk to this address from now on."""
        self.socket.connect(address)
        self.socket.setblocking(False)

    def leave(self) -> None:
        """Stay no longer."""
        self.socket.close()

    def send(self, data: bytes) -> None:
        """One datagram."""
        self.socket.send(data)

    def receive(self) -> Iterator[tuple[bytes, int]]:
        """What has come, each with its time in ns (CLOCK_REALTIME)."""
        while True:
            try:
                data, control, _, _ = self.socket.recvmsg(2048, 64)
            except BlockingIOError:
                return
            seconds, nanoseconds = struct.unpack("qq", control[0][2])
            yield data, seconds * 1_000_000_000 + nanoseconds


class Relayed(Plain):
    """A client with an allocation, by UDP. `address` is the relayed one."""

    def __init__(self, port: int, username: str, password: str) -> None:
        super().__init__()
        self._account = (username, password)
        self._attributes: dict[str, object] = {}
        self._key = b""
        self._reach(port)
        answer = self._ask(stun.Method.ALLOCATE, {"REQUESTED-TRANSPORT": UDP << 24})
        self.address = answer.attributes["XOR-RELAYED-ADDRESS"]

    def meet(self, address: Address) -> None:
        bound = {"CHANNEL-NUMBER": int.from_bytes(CHANNEL, "big"), "XOR-PEER-ADDRESS": address}
        self._ask(stun.Method.CHANNEL_BIND, bound)
        self.socket.setblocking(False)

    def leave(self) -> None:
        self.socket.settimeout(5)
        self._ask(stun.Method.REFRESH, {"LIFETIME": 0})
        super().leave()

    def send(self, data: bytes) -> None:
        self.socket.send(CHANNEL + len(data).to_bytes(2, "big") + data)

    def receive(self) -> Iterator[tuple[bytes, int]]:
        for message, when in super().receive():
            yield message[4 : 4 + int.from_bytes(message[2:4], "big")], when

    def _reach(self, port: int) -> None:
        self.socket.connect((HOST, port))
        self.socket.settimeout(5)

    def _read_answer(self) -> bytes:
        return self.socket.recv(2048)

    def _ask(self, method: stun.Method, attributes: dict[str, object]) -> stun.Message:
        """A request with credentials, which the first refusal tells what to make of."""
        for _ in range(3):
            request = stun.Message(method, stun.Class.REQUEST)
            request.attributes.update(attributes | self._attributes)
            if self._key:
                request.add_message_integrity(self._key)
            self.socket.sendall(bytes(request))
            answer = stun.parse_message(self._read_answer())
            if answer.message_class is stun.Class.RESPONSE:
                return answer
            if answer.attributes["ERROR-CODE"][0] not in (401, 438):
                break
            username, password = self._account
            realm = answer.attributes["REALM"]
            self._key = hashlib.md5(f"{username}:{realm}:{password}".encode()).digest()
            nonce = answer.attributes["NONCE"]
            self._attributes = {"USERNAME": username, "REALM": realm, "NONCE": nonce}
        raise RuntimeError(f"{method.name}: {answer.attributes['ERROR-CODE']}")


class Streamed(Relayed):
    """The same by TCP, with TLS when `tls` says how."""

    def __init__(
        self, port: int, username: str, password: str, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._tls = tls
        self._buffer = b""
        super().__init__(port, username, password)

    def send(self, data: bytes) -> None:
        # The kernel takes all of it or, when TCP is behind, nothing that would be waited for.
        message = CHANNEL + len(data).to_bytes(2, "big") + data
        self.socket.send(message + bytes(-len(message) % 4))

    def receive(self) -> Iterator[tuple[bytes, int]]:
        while True:
            try:
                self._buffer += self.socket.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError):
                break
        now = time.time_ns()
        while len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[2:4], "big")
            whole = 4 + size + -size % 4
            if len(self._buffer) < whole:
                return
            yield self._buffer[4 : 4 + size], now
            self._buffer = self._buffer[whole:]

    def _reach(self, port: int) -> None:
        self.socket.close()
        self.socket = socket.create_connection((HOST, port), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            self.socket = self._tls.wrap_socket(self.socket, server_hostname=HOST)

    def _read_answer(self) -> bytes:
        data = self.socket.recv(2048)
        while len(data) < 20 or len(data) < 20 + int.from_bytes(data[2:4], "big"):
            data += self.socket.recv(2048)
        return data


@dataclass
class Played:
    """What was sent and what has come of it."""

    sent: int = 0
    received: int = 0
    wrong: int = 0  # of other content, doubled or out of order
    latencies_us: list[float] = field(default_factory=list)

    @property
    def loss(self) -> float:
        """Share of what was sent."""
        return 1 - self.received / self.sent


def play(
    pairs: Sequence[tuple[Plain, Plain]],
    rows: Sequence[tuple[int, int]],
    seconds: float,
    meanwhile: Callable[[], None],
) -> Played:
    """Both ends of each pair send `rows` (time in us, bytes of a packet), each from a place of its
    own. `meanwhile` is called when a second has passed, from which on it counts.
    """
    return _Player(pairs, rows).play(int(seconds * 1e9), meanwhile)


class _Player:
    def __init__(
        self, pairs: Sequence[tuple[Plain, Plain]], rows: Sequence[tuple[int, int]]
    ) -> None:
        self.ends = [end for pair in pairs for end in pair]
        self.rows = rows
        self.period_ns = (rows[-1][0] - rows[0][0] + 33_000) * 1000
        self.index = [0] * len(self.ends)
        self.heard = [-1] * len(self.ends)
        self.first_counted = [0] * len(self.ends)
        self.poll = select.epoll()
        self.by_fd = {}
        for number, end in enumerate(self.ends):
            self.poll.register(end.socket, select.EPOLLIN)
            self.by_fd[end.socket.fileno()] = number
        self.played = Played()
        self.filler = random.Random(1).randbytes(2048)

    def play(self, duration_ns: int, meanwhile: Callable[[], None]) -> Played:
        chance = random.Random(7)
        begin = time.monotonic_ns()
        due: list[tuple[int, int, int, int]] = []  # when, whose, which row, of the loop from when
        for number in range(len(self.ends)):
            row = chance.randrange(len(self.rows))
            origin = begin - self.rows[row][0] * 1000 + chance.randrange(33_000_000)
            due.append((origin + self.rows[row][0] * 1000, number, row, origin))
        heapq.heapify(due)
        counting, looked = False, begin
        while (now := time.monotonic_ns()) < begin + duration_ns + 1_000_000_000:
            if not counting and now > begin + 1_000_000_000:
                counting, self.first_counted = True, list(self.index)
                self.played = Played()
                meanwhile()
            while due[0][0] <= now:
                _, number, row, origin = due[0]
                self._send(number, self.rows[row][1])
                row += 1
                if row == len(self.rows):
                    row, origin = 0, origin + self.period_ns
                heapq.heapreplace(due, (origin + self.rows[row][0] * 1000, number, row, origin))
            if now - looked > LOOK_NS:
                looked = now
                self._look()
        while time.monotonic_ns() < now + DRAIN_NS:
            self._look()
        return self.played

    def _send(self, number: int, size: int) -> None:
        stamp = STAMP.pack(number, self.index[number], time.time_ns())
        self.index[number] += 1
        self.played.sent += 1
        self.ends[number].send(stamp + self.filler[: size - STAMP.size])

    def _look(self) -> None:
        for fd, _ in self.poll.poll(0):
            number = self.by_fd[fd]
            for data, when in self.ends[number].receive():
                sender, index, sent_ns = STAMP.unpack_from(data)
                right = sender == number ^ 1 and index > self.heard[number]
                right = right and data.endswith(self.filler[: len(data) - STAMP.size])
                self.heard[number] = index
                if index < self.first_counted[sender]:
                    continue
                self.played.received += 1
                self.played.wrong += not right
                self.played.latencies_us.append((when - sent_ns) / 1000)
