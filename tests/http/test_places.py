"""Who may stay at the one TCP port: for how long, and how many."""

import asyncio
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from contextlib import ExitStack, suppress

import pytest

from fastsfu.http import door, http1
from tests.support.domain_peer import until
from tests.support.server import LiveServer, live_server
from tests.support.stun import message

LOOPBACK = "127.0.0.1"


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
