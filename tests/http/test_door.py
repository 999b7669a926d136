"""The one TCP port: what is told apart there, and media that comes through it."""

import asyncio
import socket
import ssl
from asyncio import StreamReader
from contextlib import ExitStack, closing
from typing import Any

import pytest
from aioice.turn import create_turn_endpoint

from fastsfu.http.bridge import (
    frame,
)
from fastsfu.http.strangers import STRANGERS_PER_SECOND
from fastsfu.sfu import SFU
from tests.http.test_places import connect
from tests.http.test_proxy_protocol import LINE
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


async def checked(
    server: LiveServer, ada: Socket, source: str = LOOPBACK, before: bytes = b""
) -> tuple[str, int]:
    """An ICE check in a frame is answered in a frame (RFC 6544), by the session's own worker, and
    nominates a path. It comes from this address, with this `before` it; returns where it came from.
    """
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
        (0x0025, b""), password=password.encode(),
    )  # fmt: skip
    reader, writer = await asyncio.open_connection(LOOPBACK, server.port, local_addr=(source, 0))
    writer.write(before)
    async with asyncio.timeout(10):
        for _ in range(2):
            writer.write(frame(check)[:7])
            await writer.drain()
            writer.write(frame(check)[7:])
            size = int.from_bytes(await reader.readexactly(2), "big")
            assert (await reader.readexactly(size))[:2] == b"\x01\x01"
        while server.sfu.sessions[ada.joined["session_id"]].path.address is None:
            await asyncio.sleep(0.01)
    came_from: tuple[str, int] = writer.get_extra_info("sockname")[:2]
    writer.close()
    return came_from


@pytest.mark.parametrize("workers", [1, 2])
async def test_ice(workers: int) -> None:
    options = {"workers": workers, "spread_at": 0.01}
    async with live_server(**options) as server, server.caller("r") as ada:
        await checked(server, ada)
        async with server.caller("other") as bob:
            await checked(server, bob)


@pytest.mark.parametrize("behind", [False, True], ids=["direct", "PROXY"])
async def test_the_path_is_known_by_the_address_of_the_client(
    behind: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Not by that of the connection's socket to the worker."""
    caplog.set_level("INFO", "fastsfu.session")
    options = {"proxy_networks": ["127.0.0.3/32"]} if behind else {}
    async with live_server(**options) as server, server.caller("r") as ada:
        source, before = ("127.0.0.3", LINE) if behind else ("127.0.0.2", b"")
        ip, port = await checked(server, ada, source, before)
        address = "192.0.2.1:51000" if behind else f"{ip}:{port}"
        path = server.sfu.sessions[ada.joined["session_id"]].path
        assert (path.address, path.kind) == (address, "tcp")
    [found] = [each for each in caplog.records if each.msg == "media path found"]
    assert (vars(found)["address"], vars(found)["kind"]) == (address, "tcp")


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


async def test_https_goes_on_beside_it() -> None:
    async with live_server() as server:
        plain = [socket.create_connection((LOOPBACK, server.port)) for _ in range(20)]
        assert (await server.http.get("/healthz")).status_code == 200
        for each in plain:
            each.close()
        with pytest.raises(ssl.SSLError):
            await asyncio.open_connection(LOOPBACK, server.port, ssl=ssl.create_default_context())
        assert (await server.http.get("/healthz")).status_code == 200
