"""The one TCP port: what is told apart there, and media that comes through it."""

import asyncio
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from contextlib import ExitStack, closing, suppress
from typing import Any

import pytest
from aioice.turn import create_turn_endpoint

from fastsfu.http import door, http1
from fastsfu.http.bridge import (
    frame,
)
from fastsfu.http.strangers import STRANGERS_PER_SECOND
from fastsfu.sfu import SFU
from tests.support.domain_peer import until
from tests.support.server import PUBLISH, LiveServer, Socket, live_server
from tests.support.stun import message, request
from tests.support.turn import ALLOCATE, REFRESH, UDP, UdpClient, error_of, plain

LOOPBACK = "127.0.0.1"
UNAUTHORIZED = 401
RELAY = {"turn_allowed_peers": "127.0.0.0/8"}


class Peer(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.received: asyncio.Queue[tuple[bytes, Any]] = asyncio.Queue()

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.received.put_nowait((data, address))


def answer_of(server: LiveServer, sent: bytes, tls: bool) -> bytes:
    """All that a connection says to this before it closes."""
    with socket.create_connection((LOOPBACK, server.port), 5) as plain:
        connection: socket.socket = plain
        if tls:
            connection = server.tls.wrap_socket(plain, server_hostname="localhost")
        connection.sendall(sent)
        try:
            return connection.recv(4096)
        except ConnectionResetError:
            return b""


async def allocations(sfu: SFU, wanted: int) -> None:
    async with asyncio.timeout(10):
        while sfu.counters()["turn_allocations"] != wanted:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("tls", [False, True])
async def test_turn(tls: bool) -> None:
    """aioice relays through it; when its connection ends, so does its allocation."""
    async with live_server(**RELAY) as server, server.caller("r") as ada:
        ours = ada.joined["ice_servers"][-1]
        scheme = "turns" if tls else "turn"
        assert any(
            url.startswith(f"{scheme}:") and url.endswith(f":{server.port}?transport=tcp")
            for url in ours["urls"]
        )
        loop = asyncio.get_running_loop()
        transport, end = await loop.create_datagram_endpoint(Peer, local_addr=(LOOPBACK, 0))
        relayed, client = await create_turn_endpoint(
            Peer,
            server_addr=("localhost", server.port),
            username=ours["username"],
            password=ours["credential"],
            ssl=server.tls if tls else False,
            transport="tcp",
        )
        for size in (1, 2, 3, 4, 1200):
            relayed.sendto(b"a" * size, transport.get_extra_info("sockname"))
            async with asyncio.timeout(10):
                data, source = await end.received.get()
                assert data == b"a" * size
                assert source == relayed.get_extra_info("sockname")
                transport.sendto(b"b" * size, source)
                assert (await client.received.get())[0] == b"b" * size
        await allocations(server.sfu, 1)
        relayed._TurnTransport__inner_protocol.transport.abort()
        await allocations(server.sfu, 0)
        transport.close()


@pytest.mark.parametrize("end", ["leave", "eject"])
async def test_turn_ends_with_the_session(end: str) -> None:
    """Its allocations at all workers are closed, and credentials for a day are good no more."""
    async with (
        live_server(**RELAY, workers=2) as server,
        server.caller("r") as ada,
        server.caller("r") as bob,
    ):
        ports = [engine.port for engine in server.sfu.engines]

        async def ask(client: UdpClient, kind: int) -> int:
            return error_of(await asyncio.to_thread(client.ask, client.request(kind, UDP)))

        with ExitStack() as stack:
            clients = []
            for port, caller in ((ports[0], ada), (ports[1], ada), (ports[0], bob)):
                clients.append(stack.enter_context(closing(UdpClient(port))))
                told = caller.joined["ice_servers"][0]
                clients[-1].told = told["username"], told["credential"]
                assert await ask(clients[-1], ALLOCATE) == 0
            if end == "leave":
                await ada.send("leave")
            else:
                room = server.sfu.rooms.get("r")
                assert room is not None
                room.eject(ada.joined["session_id"])
            await allocations(server.sfu, 1)
            for each in clients[:2]:
                assert await ask(each, REFRESH) == await ask(each, ALLOCATE) == UNAUTHORIZED
            assert await ask(clients[2], REFRESH) == 0


async def checked(server: LiveServer, ada: Socket) -> None:
    """An ICE check in a frame is answered in a frame (RFC 6544), by the session's own worker."""
    answer = (await ada.offer(PUBLISH))["sdp"]
    lines = answer.splitlines()
    [ufrag] = {line.removeprefix("a=ice-ufrag:") for line in lines if "ice-ufrag" in line}
    [password] = {line.removeprefix("a=ice-pwd:") for line in lines if "ice-pwd" in line}
    tcp = [line for line in lines if "tcptype passive" in line]
    assert any(f"{LOOPBACK} {server.port} typ host tcptype passive" in line for line in tcp)
    [theirs] = {
        line.removeprefix("a=ice-ufrag:") for line in PUBLISH.splitlines() if "ice-ufrag" in line
    }
    check = request(
        (0x0006, f"{ufrag}:{theirs}".encode()), (0x0024, b"\x6e\0\0\1"), (0x802A, bytes(8)),
        password=password.encode(),
    )  # fmt: skip
    reader, writer = await asyncio.open_connection(LOOPBACK, server.port)
    async with asyncio.timeout(10):
        for _ in range(2):
            writer.write(frame(check)[:7])
            await writer.drain()
            writer.write(frame(check)[7:])
            size = int.from_bytes(await reader.readexactly(2), "big")
            assert (await reader.readexactly(size))[:2] == b"\x01\x01"
    writer.close()


@pytest.mark.parametrize("workers", [1, 2])
async def test_ice(workers: int) -> None:
    options = {"workers": workers, "spread_at": 0.01}
    async with live_server(**options) as server, server.caller("r") as ada:
        await checked(server, ada)
        async with server.caller("other") as bob:
            await checked(server, bob)


async def test_a_flood_by_tcp_costs_nobody_else_an_answer() -> None:
    """Those who have proven nothing are counted by their own address, not by this server's."""
    async with live_server() as server:
        flooding = ("127.0.0.2", 0)
        reader, writer = await asyncio.open_connection(LOOPBACK, server.port, local_addr=flooding)
        writer.write(plain(ALLOCATE, UDP) * 5000)
        for _ in range(STRANGERS_PER_SECOND):
            await challenge(reader)
        for _ in range(20):
            other_reader, other = await connect(server, plain(ALLOCATE, UDP))
            await challenge(other_reader)
            other.close()
        writer.transport.abort()


async def challenge(reader: StreamReader) -> None:
    """Read one answer to who has proven nothing."""
    async with asyncio.timeout(5):
        header = await reader.readexactly(20)
        await reader.readexactly(int.from_bytes(header[2:4], "big"))
    assert header[:2] == b"\x01\x13"


async def test_stun_over_tls_and_tcp() -> None:
    async with live_server() as server:
        for tls in (False, True):
            answer = await asyncio.to_thread(answer_of, server, message(b""), tls)
            assert answer[:2] == b"\x01\x01"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/whip/r HTTP/1.1\r\n\r\n",
        b"\x40\x00\x00\x08abcdefgh",
        bytes(64),
        b"\xff" * 64,
        message(b"") + b"\xff" * 40,
    ],
    ids=["HTTP", "POST", "ChannelData", "zeros", "ones", "STUN"],  # its transaction is random
)
async def test_the_rest_is_closed_without_a_page(sent: bytes) -> None:
    async with live_server() as server:
        answer = await asyncio.to_thread(answer_of, server, sent, False)
        assert b"HTTP" not in answer
        assert answer[:2] in (b"", b"\x01\x01")
        assert (await server.http.get("/healthz")).status_code == 200


async def connect(server: LiveServer, sent: bytes = b"") -> tuple[StreamReader, StreamWriter]:
    """By TLS."""
    reader, writer = await asyncio.open_connection("localhost", server.port, ssl=server.tls)
    writer.write(sent)
    return reader, writer


async def ended(reader: StreamReader) -> bytes:
    """What came until the server has ended the connection."""
    came = b""
    async with asyncio.timeout(10):
        with suppress(ConnectionResetError):
            while data := await reader.read(65536):
                came += data
    return came


@pytest.mark.parametrize(
    "part",
    [
        b"G",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-More: ",
        b"POST /v1/whip/r HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nv=0",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nG",
    ],
    ids=["first byte", "headers", "body", "second request"],
)
async def test_a_request_does_not_stay_unfinished(
    part: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But a WebSocket stays, though nothing is said in it."""
    async with live_server() as server, server.caller("r") as ada:
        monkeypatch.setattr(http1, "REQUEST_SECONDS", 0.1)
        reader, writer = await connect(server, part)
        if part.endswith(b"\n\r\nG"):
            assert b" 200 " in await reader.readline()
            writer.write(b"E")
        await ended(reader)
        writer.close()
        await ada.send("ping", id=1)
        await ada.expect("pong")


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\2\0\1\0\1\xfc\3\3"])
async def test_nor_does_a_handshake(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_server() as server:
        monkeypatch.setattr(door, "PATIENCE", 0.1)
        reader, writer = await asyncio.open_connection(LOOPBACK, server.port)
        writer.write(sent)
        await ended(reader)
        writer.close()


async def test_who_does_not_say_goodbye_gives_its_place_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As clients with a pool of connections that they look at when they need one."""
    monkeypatch.setattr(door, "PARTING", 0.1)
    async with live_server() as server:

        def ask() -> ssl.SSLSocket:
            plain = socket.create_connection((LOOPBACK, server.port))
            pooled = server.tls.wrap_socket(plain, server_hostname="localhost")
            pooled.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert b" 200 " in pooled.recv(65536)
            return pooled

        with await asyncio.to_thread(ask):
            await until("its place", lambda: server.uvicorn.connections == 0)


@pytest.mark.parametrize("kind", ["silent", "HTTP", "WebSocket", "TURN"])
async def test_connections_of_one_address_are_limited(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they are; when one ends, another one gets in."""
    monkeypatch.setattr(door, "MOST_OF_ADDRESS", 2)
    upgrade = (
        b"GET /v1/signal HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: fastsfu.v1\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    sent = {
        "silent": b"",
        "HTTP": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "WebSocket": upgrade,
        "TURN": message(b""),
    }[kind]
    async with live_server() as server:
        held = [await connect(server, sent) for _ in range(2)]
        for reader, _ in held if sent else []:
            await reader.read(1)
        with pytest.raises(OSError):
            await connect(server)
        for _, writer in held:
            writer.transport.abort()
        async with asyncio.timeout(10):
            while True:
                with suppress(OSError):
                    _, writer = await connect(server)
                    break
        writer.close()


async def test_how_many_of_one_address_is_an_option() -> None:
    async with live_server(max_connections_per_address=2) as server:
        with ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(socket.create_connection((LOOPBACK, server.port), 5))
            refused = stack.enter_context(socket.create_connection((LOOPBACK, server.port), 5))
            assert await asyncio.to_thread(refused.recv, 1) == b""


async def test_the_oldest_silent_connection_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one that has said something and is being answered."""
    async with live_server(max_connections_per_address=1000) as server:
        (at_door,) = server.uvicorn.servers
        monkeypatch.setattr(at_door._connections, "_most", 6)
        async with server.caller("r") as ada:
            silent = [await asyncio.open_connection(LOOPBACK, server.port) for _ in range(5)]
            assert (await server.http.get("/healthz")).status_code == 200
            await ended(silent[0][0])
            assert (await server.http.get("/healthz")).status_code == 200
            await ada.send("ping", id=1)
            await ada.expect("pong")
        for _, writer in silent:
            writer.close()


async def test_https_goes_on_beside_it() -> None:
    async with live_server() as server:
        plain = [socket.create_connection((LOOPBACK, server.port)) for _ in range(20)]
        assert (await server.http.get("/healthz")).status_code == 200
        for each in plain:
            each.close()
        with pytest.raises(ssl.SSLError):
            await asyncio.open_connection(LOOPBACK, server.port, ssl=ssl.create_default_context())
        assert (await server.http.get("/healthz")).status_code == 200
