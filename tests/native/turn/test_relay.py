"""The relay over real sockets of the loopback: the engine's own thread, clients and peers
outside."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from aioice.turn import create_turn_endpoint

from fastsfu._native.engine.engine import Engine
from fastsfu.transport.dtls import Certificate
from fastsfu.transport.turn import credentials
from tests.support.domain_peer import until
from tests.support.stun import message
from tests.support.turn import (
    ALLOCATE,
    CREATE_PERMISSION,
    DATA,
    DONT_FRAGMENT,
    EVEN_PORT,
    REFRESH,
    SECRET,
    UDP,
    UdpClient,
    channel_data,
    error_of,
    indication,
    lifetime,
    options,
    parse,
    peer,
    plain,
)

LOOPBACK = "127.0.0.1"
CERTIFICATE = Certificate.generate()


def open_engine(gso: bool = True, **changes: Any) -> Engine:
    """A started engine whose relay takes peers on the loopback, unless told otherwise."""
    engine = Engine(
        host=LOOPBACK,
        port=0,
        certificate_pem=CERTIFICATE.certificate_pem,
        private_key_pem=CERTIFICATE.private_key_pem,
        max_buffers=512,
        gso=gso,
    )
    relay: dict[str, Any] = {
        "addresses": (LOOPBACK,),
        "own": (LOOPBACK,),
        "endpoints": ((LOOPBACK, engine.port),),
    }
    relay |= {"allowed": ("127.0.0.0/8",), "host": LOOPBACK, "extra_port": 0, **changes}
    engine.open_relay(options(**relay))
    engine.start()
    for user in ("ada", "bob", "eve"):
        engine.relay.admit(user)
    return engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = open_engine()
    yield engine
    engine.close()


@pytest.fixture
def other() -> Iterator[socket.socket]:
    """A peer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind((LOOPBACK, 0))
        found.settimeout(5)
        yield found


def test_channel_there_and_back(engine: Engine, other: socket.socket) -> None:
    with closing(UdpClient(engine.port)) as ada:
        relayed = ada.allocate()
        ada.bind(0x4001, other.getsockname())
        for size in (0, 1, 3, 1200, 9000):
            ada.socket.send(b"\x40\x01" + size.to_bytes(2, "big") + b"a" * size)
            assert other.recvfrom(10000) == (b"a" * size, relayed)
            other.sendto(b"b" * (size + 1), relayed)
            assert channel_data(ada.socket.recv(10000), 0x4001) == b"b" * (size + 1)
        counters = engine.counters()
        assert counters["turn_packets_sent"] == counters["turn_packets_received"] == 5
        assert counters["turn_bytes_sent"] == counters["turn_bytes_received"] - 5 == 10204
        assert ada.ask(ada.request(REFRESH, lifetime(0)))
        assert engine.counters()["turn_allocations"] == 0


@pytest.mark.parametrize("gso", [True, False])
def test_bursts_keep_their_order_and_sizes(other: socket.socket, gso: bool) -> None:
    """A burst leaves in as few messages as the sizes allow; nobody sees that."""
    with closing(open_engine(gso=gso)) as engine, closing(UdpClient(engine.port)) as ada:
        relayed = ada.allocate()
        ada.bind(0x4000, other.getsockname())
        sizes = [1000] * 20 + [999, 1000, 1000, 500, 1001] + [100] * 30
        burst = [bytes([i]) * size for i, size in enumerate(sizes)]
        for data in burst:
            ada.socket.send(b"\x40\x00" + len(data).to_bytes(2, "big") + data)
        assert [other.recv(2000) for _ in burst] == burst
        for data in burst:
            other.sendto(data, relayed)
        assert [channel_data(ada.socket.recv(2000), 0x4000) for _ in burst] == burst


def test_indications(engine: Engine, other: socket.socket) -> None:
    with closing(UdpClient(engine.port)) as ada:
        relayed = ada.allocate()
        to = other.getsockname()
        ada.socket.send(indication(peer(*to), (DATA, b"unpermitted")))
        assert error_of(ada.ask(ada.request(CREATE_PERMISSION, peer(*to)))) == 0
        ada.socket.send(indication(peer(*to), (DATA, b"hello"), (DONT_FRAGMENT, b"")))
        assert other.recvfrom(100) == (b"hello", relayed)
        other.sendto(b"back", relayed)
        read = parse(ada.socket.recv(100))
        assert (read.attributes["XOR-PEER-ADDRESS"], read.attributes["DATA"]) == (to, b"back")
        assert engine.counters()["drop_turn_no_permission"] == 1


async def test_peers_without_permission_are_not_heard(engine: Engine, other: socket.socket) -> None:
    with closing(UdpClient(engine.port)) as ada, closing(UdpClient(engine.port, "bob")) as bob:
        relayed = ada.allocate()
        other.sendto(b"hello", relayed)
        bob.socket.send(b"\x40\x00\x00\x05hello")
        # What comes to one socket may be read before what came earlier to another.
        await until("hello to be dropped", lambda: engine.counters()["drop_turn_no_permission"] > 0)
        assert error_of(ada.ask(ada.request(CREATE_PERMISSION, peer(LOOPBACK)))) == 0
        other.sendto(b"now", relayed)
        assert parse(ada.socket.recv(100)).attributes["DATA"] == b"now"
        counters = engine.counters()
        assert counters["drop_turn_no_permission"] == counters["drop_turn_no_allocation"] == 1


def test_two_relays_reach_each_other_and_nothing_else_here() -> None:
    """As in a call of two whose policy is `relay`: the loopback itself is not allowed."""
    with closing(open_engine(allowed=())) as engine, closing(UdpClient(engine.port)) as ada:
        bob = UdpClient(engine.port, "bob")
        of_ada, of_bob = ada.allocate(), bob.allocate()
        ada.bind(0x4000, of_bob)
        bob.bind(0x4000, of_ada)
        ada.socket.send(b"\x40\x00\x00\x04ping")
        assert bob.socket.recv(100) == b"\x40\x00\x00\x04ping"
        forbidden = ada.request(CREATE_PERMISSION, peer("127.0.0.2"))
        assert error_of(ada.ask(forbidden)) == 403
        bob.close()


def test_two_relays_of_a_worker_need_no_sockets_between_them(engine: Engine) -> None:
    """What one sends to the other's relayed address never leaves the worker; permissions, order
    and the address that the other sees are as if it did."""
    with closing(UdpClient(engine.port)) as ada, closing(UdpClient(engine.port, "bob")) as bob:
        of_ada, of_bob = ada.allocate(), bob.allocate()
        ada.bind(0x4000, of_bob)
        before = engine.counters()["datagrams_received"]
        ada.socket.send(b"\x40\x00\x00\x04deaf")  # Bob has not permitted it
        assert error_of(bob.ask(bob.request(CREATE_PERMISSION, peer(*of_ada)))) == 0
        ada.socket.send(b"\x40\x00\x00\x04ping")
        read = parse(bob.socket.recv(100))
        assert (read.attributes["XOR-PEER-ADDRESS"], read.attributes["DATA"]) == (of_ada, b"ping")
        bob.bind(0x4001, of_ada)
        burst = [bytes([i]) * size for i, size in enumerate([1109, 1110, 1110, 1110, 300, 20])]
        for data in burst:
            ada.socket.send(b"\x40\x00" + len(data).to_bytes(2, "big") + data)
        assert [channel_data(bob.socket.recv(2000), 0x4001) for _ in burst] == burst
        counters = engine.counters()
        assert counters["drop_turn_no_permission"] == 1
        assert counters["turn_packets_sent"] == len(burst) + 2
        assert counters["turn_packets_received"] == len(burst) + 1
        assert counters["datagrams_received"] - before == 2 + 2 + len(burst)  # to clients' port
        assert error_of(bob.ask(bob.request(REFRESH, lifetime(0)))) == 0
        ada.socket.send(b"\x40\x00\x00\x04gone")
        assert error_of(ada.ask(ada.request(REFRESH, lifetime(0)))) == 0


def test_even_port_and_range(engine: Engine) -> None:
    with closing(UdpClient(engine.port)) as ada:
        port = ada.allocate((EVEN_PORT, b"\0"))[1]
        assert port % 2 == 0
        assert 49152 <= port <= 65535
    with closing(open_engine(min_port=50001, max_port=50001)) as narrow:
        clients = [UdpClient(narrow.port) for _ in range(2)]
        assert clients[0].allocate()[1] == 50001
        assert error_of(clients[1].ask(clients[1].request(ALLOCATE, UDP))) == 508
        assert error_of(clients[0].ask(clients[0].request(REFRESH, lifetime(0)))) == 0
        assert clients[1].allocate()[1] == 50001
        for each in clients:
            each.close()


def test_behind_nat(other: socket.socket) -> None:
    """The address that clients are told of is the router's; the socket is bound to ours."""
    nat = "203.0.113.7"
    with closing(open_engine(addresses=(nat,))) as engine, closing(UdpClient(engine.port)) as ada:
        ip, port = ada.allocate()
        assert ip == nat
        ada.bind(0x4000, other.getsockname())
        ada.socket.send(b"\x40\x00\x00\x00")
        assert other.recvfrom(100) == (b"", (LOOPBACK, port))


def test_stun(engine: Engine) -> None:
    """Besides ICE: what is my address?"""
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        for port in (engine.port, engine.extra_port):
            client.sendto(message(b""), (LOOPBACK, port))
            answer = client.recv(100)
            mapped = parse(answer).attributes["XOR-MAPPED-ADDRESS"]
            assert mapped == (LOOPBACK, client.getsockname()[1])
            assert len(answer) == 32


def test_a_thousand_allocations(other: socket.socket) -> None:
    with closing(open_engine(max_user_allocations=2000)) as engine:
        clients = [
            UdpClient(port, host=f"127.0.1.{i % 40 + 1}")  # not too many strangers at one address
            for i, port in enumerate([engine.port, engine.extra_port] * 500)
        ]
        relayed = [each.allocate() for each in clients]
        for each in clients:
            each.bind(0x4000, other.getsockname())
        assert engine.counters()["turn_allocations"] == 1000
        for each, address in zip(clients, relayed, strict=True):
            each.socket.send(b"\x40\x00\x00\x02hi")
            assert other.recvfrom(100) == (b"hi", address)
        for each in clients:
            each.close()


def test_who_is_revoked_is_relayed_for_no_more(engine: Engine, other: socket.socket) -> None:
    """What he has is closed, on each port, and he gets nothing new; others keep theirs."""
    ports = (engine.port, engine.extra_port)
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(UdpClient(port))) for port in ports]
        bob = stack.enter_context(closing(UdpClient(engine.port, "bob")))
        for each in (*clients, bob):
            each.allocate()
            each.bind(0x4000, other.getsockname())
        engine.relay.revoke("ada")
        for each in clients:
            assert error_of(each.ask(each.request(REFRESH))) == 401
            assert error_of(each.ask(each.request(ALLOCATE, UDP))) == 401
            each.socket.send(b"\x40\x00\x00\x02no")
        bob.socket.send(b"\x40\x00\x00\x03yes")
        assert other.recv(100) == b"yes"
        assert engine.counters()["turn_allocations"] == 1
        engine.relay.revoke("ada")
        engine.relay.admit("ada")
        for each in clients:
            each.allocate()


def test_users(engine: Engine) -> None:
    with pytest.raises(ValueError, match="at most 64 bytes, not 65"):
        engine.relay.admit("x" * 65)
    without = Engine(
        host=LOOPBACK,
        port=0,
        certificate_pem=CERTIFICATE.certificate_pem,
        private_key_pem=CERTIFICATE.private_key_pem,
    )
    without.relay.admit("ada")
    without.close()
    without.relay.revoke("ada")


def test_a_taken_extra_port() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"TURN port {port}"):
            open_engine(extra_port=port)


async def test_aioice(engine: Engine) -> None:
    """A TURN client that others wrote, on both ports."""

    class Peer(asyncio.DatagramProtocol):
        def __init__(self) -> None:
            self.received: asyncio.Queue[tuple[bytes, Any]] = asyncio.Queue()

        def datagram_received(self, data: bytes, address: Any) -> None:
            self.received.put_nowait((data, address))

    username, password = credentials(SECRET, "ada", 2**31)
    loop = asyncio.get_running_loop()
    transport, end = await loop.create_datagram_endpoint(Peer, local_addr=(LOOPBACK, 0))
    for port in (engine.port, engine.extra_port):
        relayed, ours = await create_turn_endpoint(
            Peer, server_addr=(LOOPBACK, port), username=username, password=password
        )
        relayed.sendto(b"hello", transport.get_extra_info("sockname"))
        async with asyncio.timeout(10):
            data, source = await end.received.get()
            assert (data, source) == (b"hello", relayed.get_extra_info("sockname"))
            transport.sendto(b"back", source)
            assert (await ours.received.get())[0] == b"back"
        relayed.close()
    transport.close()


def test_a_flood_of_allocations_harms_nobody(engine: Engine, other: socket.socket) -> None:
    """One participant takes what is his and no more; another is served meanwhile."""
    with closing(UdpClient(engine.port)) as ada:
        ada.allocate()
        ada.bind(0x4000, other.getsockname())
        flood = [UdpClient(engine.port, "eve", "127.0.0.2") for _ in range(20)]
        codes = [error_of(each.ask(each.request(ALLOCATE, UDP))) for each in flood]
        assert codes == [0] * 16 + [486] * 4
        for _ in range(300):
            flood[0].socket.send(plain(ALLOCATE, UDP))
        ada.socket.send(b"\x40\x00\x00\x05still")
        assert other.recv(100) == b"still"
        assert engine.counters()["turn_requests_throttled"] > 200
        for each in flood:
            each.close()
