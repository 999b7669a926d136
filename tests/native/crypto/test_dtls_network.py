"""The handshake over a network that loses, doubles, reorders and cuts, and against strangers who
want to fill memory. Timers are OpenSSL's own, set to expire at once (`impatient`)."""

import ctypes
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.native.crypto.dtls_peers import (
    IDENTITY,
    PyOpenSSL,
    associations,
    await_timer,
    records,
    shake,
)
from tests.native.faces.dtls import Association


class Lossy:
    """Loses the datagrams whose numbers are in `lost`."""

    def __init__(self, lost: set[int]) -> None:
        self.lost, self.sent = lost, 0

    def __call__(self, flight: list[bytes]) -> list[bytes]:
        numbered = list(enumerate(flight, self.sent))
        self.sent += len(flight)
        return [datagram for number, datagram in numbered if number not in self.lost]


@pytest.mark.parametrize("lost", [{0}, {1}, {2}, {3}, {4}, {0, 1}, {1, 2, 3}, {2, 4, 6}, {0, 2, 3}])
def test_lost_flights(lost: set[int]) -> None:
    client, server = associations(impatient=True)
    shake(client, server, Lossy(lost), timeouts=12)
    assert client.state == server.state == "connected"
    assert client.keys()[1:3] == server.keys()[3:5]


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_any_network(seed: int) -> None:
    """A fifth lost, a fifth doubled, any order within a flight, each record alone."""
    chance = random.Random(seed)

    def network(flight: list[bytes]) -> list[bytes]:
        arriving = [record for datagram in flight for record in records(datagram)]
        arriving = [record for record in arriving if chance.random() < 0.8]
        arriving += [record for record in arriving if chance.random() < 0.2]
        chance.shuffle(arriving)
        return arriving

    client, server = associations(impatient=True)
    shake(client, server, network, timeouts=200)
    # The client is done when it has the server's Finished; that the server is follows from it.
    assert client.state == server.state == "connected"
    assert client.keys()[1:3] == server.keys()[3:5]


def lose_last_flight() -> tuple[Association, Association]:
    """A client that waits for the flight with which its server is done."""
    client, server = associations(impatient=True)
    lost: list[bytes] = []

    def network(flight: list[bytes]) -> list[bytes]:
        if server.state == "connected":
            lost.extend(flight)
            return []
        return flight

    shake(client, server, network)
    assert lost
    assert (client.state, server.state) == ("handshaking", "connected")
    return client, server


@pytest.mark.parametrize("release", [False, True])
@pytest.mark.parametrize("losses", [0, 1, 3])
def test_the_lost_last_flight_is_sent_again(losses: int, release: bool) -> None:
    """RFC 6347 section 4.2.4: each repeated Finished has the last flight repeated, even after the
    handshake is done and its memory given back."""
    client, server = lose_last_flight()
    keys = server.keys()
    if release:
        server.release()
    for _ in range(losses + 1):
        await_timer(client)
        for datagram in client.take():
            server.receive(datagram)
        (flight,) = server.take()
    assert client.receive(flight) == "connected"
    assert client.keys()[1:3] == keys[3:5]
    server.close()
    assert client.receive(server.take()[0]) == "closed"


def test_the_last_flight_is_sent_to_nobody_else() -> None:
    """Whoever repeats what was on the wire, or makes it up, gets nothing for it."""
    client, server = lose_last_flight()
    await_timer(client)
    repeated = client.take()
    for datagram in repeated:
        server.receive(datagram)
    assert len(server.take()) == 1
    for datagram in repeated:
        for record in records(datagram):
            server.receive(record)
            server.receive(record[:-1] + bytes([record[-1] ^ 1]))
            server.receive(record[:10] + bytes([record[10] ^ 1]) + record[11:])
    assert server.take() == []
    assert server.state == "connected"


@pytest.mark.parametrize("reverse", [False, True])
def test_fragmented_hello(reverse: bool) -> None:
    """A ClientHello with post-quantum key shares does not fit into one datagram."""
    client, server = PyOpenSSL(True, large_hello=True), Association(IDENTITY)
    flights: list[int] = []

    def network(flight: list[bytes]) -> list[bytes]:
        flights.append(len(flight))
        return flight[::-1] if reverse and len(flights) == 1 else flight

    shake(client, server, network)
    assert flights[0] > 1
    assert client.state == server.state == "connected"


def heap_in_use() -> int:
    class Mallinfo(ctypes.Structure):
        _fields_ = [(f"field{i}", ctypes.c_size_t) for i in range(10)]

    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = Mallinfo
    info = mallinfo2()
    return int(info.field7) + int(info.field4)  # uordblks, hblkhd


@pytest.mark.parametrize("client", [False, True], ids=["server", "client"])
def test_memory_of_an_association(client: bool) -> None:
    """Whose handshake is done: what OpenSSL had for it is given back."""
    before = heap_in_use()
    kept = []
    for _ in range(100):
        both = associations()
        shake(*both)
        ours = both[0 if client else 1]
        ours.release()
        kept.append(ours)
    del both
    assert (heap_in_use() - before) / len(kept) < 1024


@pytest.mark.parametrize("content_type", [20, 21, 22, 23])
def test_early_records_fill_no_memory(content_type: int) -> None:
    """Encrypted records before the keys: OpenSSL 3.0.2 keeps a hundred of them, each in 16 KiB."""
    client, server = associations()
    client.start()
    server.receive(client.take()[0])
    before = heap_in_use()
    for number in range(1000):
        header = bytes([content_type, 0xFE, 0xFD, 0, 1]) + number.to_bytes(6, "big")
        server.receive(header + (1100).to_bytes(2, "big") + bytes(1100))
    assert heap_in_use() - before < 200 * 1024
    assert server.state == "handshaking"
    assert server.early_records == 8


def test_early_records_stop_no_handshake() -> None:
    client, server = associations()
    client.start()
    for number in range(50):
        header = bytes([22, 0xFE, 0xFD, 0, 1]) + (1000 + number).to_bytes(6, "big")
        server.receive(header + (64).to_bytes(2, "big") + bytes(64))
    shake(client, server)
    assert client.state == server.state == "connected"


def test_fragments_fill_no_memory() -> None:
    """Handshake messages that never become whole, each claiming 16 MB."""
    server = Association(IDENTITY)
    before = heap_in_use()
    for number in range(2000):
        body = bytes([1]) + b"\xff\xff\xff" + (number % 50).to_bytes(2, "big") + bytes(3)
        fragment = body + (200).to_bytes(3, "big") + bytes(200)
        header = bytes([22, 0xFE, 0xFF, 0, 0]) + number.to_bytes(6, "big")
        server.receive(header + len(fragment).to_bytes(2, "big") + fragment)
    assert heap_in_use() - before < 400 * 1024


def test_repeated_hellos_fill_no_queue() -> None:
    """Each may be answered with a flight; what nobody takes is lost."""
    client, server = associations()
    client.start()
    (hello,) = client.take()
    for _ in range(1000):
        server.receive(hello)
    assert sum(map(len, server.take())) <= 32768
