"""How much of what comes by TCP is passed on in one turn of the event loop."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import pytest

from fastsfu.http.bridge import (
    DATAGRAMS_AT_ONCE,
    DATAGRAMS_IN_ALL,
    Bridge,
    RoundRobin,
    frame,
    pad_turn,
)
from fastsfu.http.strangers import STRANGERS_PER_SECOND, Strangers
from fastsfu.sfu import SFU
from fastsfu.transport.addresses import TransportAddress
from tests.support.stun import attribute, message

LOOPBACK = "127.0.0.1"
MOST = DATAGRAMS_IN_ALL + DATAGRAMS_AT_ONCE  # in one turn


class Transport(asyncio.Transport):
    """A connection that only says what it is told to do."""

    def __init__(self) -> None:
        super().__init__({"sockname": (LOOPBACK, 443)})
        self.reading = True
        self.closing = False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.closing = True


class Worker:
    """Its socket, and the bridges of connections to it."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((LOOPBACK, 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]
        self.tcp_clients: dict[tuple[str, int], TransportAddress] = {}
        self.bridges: list[tuple[Bridge, Transport]] = []
        self.closed: list[Bridge] = []
        self._sfu = cast(SFU, SimpleNamespace(engine_of=lambda ufrag: self))
        self.now = 1000.0  # of the clock by which strangers are counted
        self._strangers = Strangers(lambda: self.now)

    def connect(self, turns: RoundRobin, address: str = LOOPBACK) -> tuple[Bridge, Transport]:
        stranger, transport = self._strangers.at(address), Transport()
        client = TransportAddress(address, 50000)
        bridge = Bridge(self._sfu, turns, stranger, client, self.closed.append)
        bridge.connection_made(transport)
        self.bridges.append((bridge, transport))
        return bridge, transport

    def forget_client(self, ip: str, port: int) -> None:
        pass

    def received(self) -> list[tuple[int, bytes]]:
        """(a connection's port, message) of each."""
        found = []
        try:
            while True:
                data, address = self.socket.recvfrom(2048)
                found.append((address[1], data))
        except BlockingIOError:
            return found

    async def turns(self, wanted: int) -> list[list[tuple[int, bytes]]]:
        """What comes in each turn of the event loop, until so many messages are there."""
        turns: list[list[tuple[int, bytes]]] = []
        async with asyncio.timeout(10):
            while sum(map(len, turns)) < wanted:
                await asyncio.sleep(0)
                turns.append(self.received())
        return turns


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    made = Worker()
    yield made
    for bridge, _ in made.bridges:
        bridge.connection_lost(None)
    made.socket.close()


def channel_data(text: bytes) -> bytes:
    return b"\x40\x01" + len(text).to_bytes(2, "big") + text


@pytest.mark.parametrize("framed", [False, True], ids=["TURN", "ICE"])
async def test_many_small_messages_take_many_turns(worker: Worker, framed: bool) -> None:
    first = message(b"")
    if framed:
        sent = [first, *(b"%08d" % number for number in range(5000))]
        stream = b"".join(map(frame, sent))
    else:
        sent = [first, *(channel_data(b"%d" % number) for number in range(5000)), b"\x40\x01\0\0"]
        stream = b"".join(map(pad_turn, sent))
    bridge, _ = worker.connect(RoundRobin())
    bridge.data_received(stream)
    turns = await worker.turns(len(sent))
    assert [data for turn in turns for _, data in turn] == sent
    assert max(map(len, turns)) <= MOST


async def test_connections_take_turns(worker: Worker) -> None:
    """Many cost no more in one turn than one, and none waits for the end of another."""
    each, connections = 1000, 20
    turns_taken = RoundRobin()
    stream = message(b"") + b"\x40\x01\0\0" * (each - 1)
    for _ in range(connections):
        worker.connect(turns_taken)[0].data_received(stream)
    turns = await worker.turns(each * connections)
    assert max(map(len, turns)) <= MOST
    so_far: Counter[int] = Counter()
    for turn in turns:
        so_far.update(port for port, _ in turn)
        if len(so_far) == connections:
            assert max(so_far.values()) - min(so_far.values()) <= DATAGRAMS_AT_ONCE
    assert set(so_far.values()) == {each}


async def test_a_connection_is_not_read_while_much_of_it_waits(worker: Worker) -> None:
    bridge, transport = worker.connect(RoundRobin())
    bridge.data_received(message(b"") + b"\x40\x01\0\0" * 999)
    assert transport.reading
    await asyncio.sleep(0)
    bridge.data_received(b"\x40\x01\0\0" * 1000)
    assert not transport.reading
    passed_on = len(worker.received())
    await worker.turns(2000 - passed_on)
    await asyncio.sleep(0)
    assert transport.reading


async def test_what_is_no_message_ends_it_and_nothing_more_is_passed_on(worker: Worker) -> None:
    for wrong in (b"", b"1234567"):  # no packet is so short
        bridge, transport = worker.connect(RoundRobin())
        bridge.data_received(frame(message(b"")) + frame(wrong) * 1000 + frame(b"12345678"))
        await worker.turns(1)
        await asyncio.sleep(0)
        assert transport.closing
        assert not worker.received()


async def test_a_connection_ends_whatever_the_worker_says(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(ip: str, port: int) -> None:
        raise RuntimeError("full")

    monkeypatch.setattr(worker, "forget_client", refuse)
    bridge, _ = worker.connect(RoundRobin())
    bridge.data_received(message(b""))
    await worker.turns(1)
    own = bridge._socket
    assert own is not None
    with pytest.raises(RuntimeError, match="full"):
        bridge.connection_lost(None)
    assert own.fileno() == -1
    assert worker.closed == [bridge]
    worker.bridges.clear()


async def test_strangers_are_read_slowly_and_lose_nothing(worker: Worker) -> None:
    """Each address has so many requests a second, by whatever number of connections."""
    turns = RoundRobin()
    flood = message(b"") * STRANGERS_PER_SECOND
    bridges = [worker.connect(turns, "192.0.2.1") for _ in range(2)]
    for bridge, _ in bridges:
        bridge.data_received(flood)
    await worker.turns(STRANGERS_PER_SECOND)
    other, _ = worker.connect(turns, "192.0.2.2")
    other.data_received(flood)
    passed_on = sum(map(len, await worker.turns(STRANGERS_PER_SECOND)))
    assert passed_on == STRANGERS_PER_SECOND, "those of the other address"
    worker.now += 1
    await worker.turns(STRANGERS_PER_SECOND)


async def test_who_is_proven_is_no_stranger(worker: Worker) -> None:
    """An answer that is signed makes room for the next request; no other answer does."""
    bridge, _ = worker.connect(RoundRobin())
    bridge.data_received(message(b"") * (STRANGERS_PER_SECOND + 2))
    turns = await worker.turns(STRANGERS_PER_SECOND)
    port = turns[-1][0][0]
    signature = attribute(0x0008, bytes(20))
    for answer in (
        message(b"", kind=0x0113),  # a challenge
        message(signature, kind=0x0017),  # data of a peer
        message(attribute(0x0009, bytes(4)) + signature, kind=0x0118),
    ):
        worker.socket.sendto(answer, (LOOPBACK, port))
    assert sum(map(len, await worker.turns(1))) == 1


async def test_what_is_no_request_is_not_counted(worker: Worker) -> None:
    bridge, _ = worker.connect(RoundRobin())
    answers = message(b"", kind=0x0101) * STRANGERS_PER_SECOND
    bridge.data_received(message(b"") * STRANGERS_PER_SECOND + answers + b"\x40\x01\0\0")
    await worker.turns(2 * STRANGERS_PER_SECOND + 1)
