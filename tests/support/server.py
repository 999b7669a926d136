"""The real server in the test's own event loop: TLS on a free loopback port, the real engine."""

import asyncio
import json
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

from fastsfu.assembly import stored
from fastsfu.config import Config
from fastsfu.http.opening import open_certificate, open_listener
from fastsfu.http.server import Server
from fastsfu.http.takeover import Predecessor
from fastsfu.http.tls import ServerCertificate
from fastsfu.public_address import located
from fastsfu.sfu import SFU
from tests.support.offers import OfferText, Section

# A connection for each request: one kept alive may be closed by the server at any moment.
FRESH = httpx.Limits(max_keepalive_connections=0)
PUBLISH = str(OfferText((Section("0", "audio"), Section("1", "video"))))
WATCH = str(OfferText((Section("0", "audio", "recvonly"), Section("1", "video", "recvonly"))))
SECRET = "only-for-the-tests-0123456789-abcdef"
DEFAULTS = {
    "host": "127.0.0.1",
    "port": 0,
    "media_port": 0,
    "secret": SECRET,
    "drain_timeout": 0,
    "max_buffers": 4096,
    "max_transports": 1024,
    "max_streams": 8192,
}


def asked_for(**sections: int) -> dict[str, Any]:
    """The message by which a client that knows nothing of empty sections is asked to offer."""
    return {"type": "sections", "offer": True, "subscriptions": {}, "revision": 0, **sections}


@dataclass
class LiveServer:
    """A server that answers; `http` is a client of it that trusts its certificate."""

    sfu: SFU
    certificate: ServerCertificate
    uvicorn: Server
    url: str  # https://localhost:PORT/
    tls: ssl.SSLContext
    http: httpx.AsyncClient

    @property
    def port(self) -> int:
        return httpx.URL(self.url).port or 443

    def token(self, room: str, **claims: Any) -> str:
        """A token for `room`."""
        return self.sfu.token(room, **claims)

    @asynccontextmanager
    async def socket(self, **options: Any) -> AsyncIterator["Socket"]:
        """An open signaling WebSocket; `options` are those of websockets.connect."""
        options.setdefault("subprotocols", ["fastsfu.v1"])
        options.setdefault("ssl", self.tls)
        url = self.url.replace("https://", "wss://") + "v1/signal"
        async with websockets.connect(url, **options) as connection:
            yield Socket(connection)

    @asynccontextmanager
    async def caller(self, room: str, **claims: Any) -> AsyncIterator["Socket"]:
        """A signaling WebSocket that has joined `room`."""
        async with self.socket() as socket:
            await socket.join(room, self.token(room, **claims))
            yield socket


class Socket:
    """A signaling WebSocket in JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.joined: dict[str, Any] = {}
        self._offers = 0

    async def send(self, kind: str, /, **members: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, **members}))

    async def receive(self) -> dict[str, Any]:
        """The next message, whatever it is."""
        async with asyncio.timeout(10):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next message of this type; others before it are passed over, errors are not."""
        while (message := await self.receive())["type"] != kind:
            assert message["type"] != "error", message
        return message

    async def join(self, room: str, token: str | None = None, **members: Any) -> dict[str, Any]:
        await self.send("join", room=room, token=token, **members)
        self.joined = await self.expect("joined")
        return self.joined

    async def offer(self, sdp: str, **tracks: str) -> dict[str, Any]:
        """Offer, and return the answer or the error that refers to it."""
        self._offers += 1
        await self.send("offer", id=self._offers, sdp=sdp, tracks=tracks)
        while True:
            message = await self.receive()
            if message["type"] in ("answer", "error"):
                assert message.get("id", message.get("re")) == self._offers, message
                return message

    async def closed(self) -> tuple[int, list[dict[str, Any]]]:
        """Wait for the close: its code, and the messages that came before it."""
        messages: list[dict[str, Any]] = []
        with suppress(websockets.ConnectionClosed):
            while True:
                messages.append(await self.receive())
        assert self.connection.close_code is not None
        return self.connection.close_code, messages


@asynccontextmanager
async def live_server(
    sfu_options: Mapping[str, Any] = MappingProxyType({}), **options: Any
) -> AsyncIterator[LiveServer]:
    """Serve with these options of Config, and of SFU."""
    config = await asyncio.to_thread(located, Config(**{**DEFAULTS, **options}))
    sfu = SFU(config, **{**stored(config), **sfu_options})
    async with serving(sfu, open_certificate(config), open_listener(config)) as live:
        yield live


@asynccontextmanager
async def successor_of(
    other: LiveServer, config: Config | None = None
) -> AsyncIterator[LiveServer]:
    """Serve in the place of another one, with the same options unless others are given."""
    config = config or other.sfu.config
    assert config.control is not None
    before = await asyncio.to_thread(Predecessor.find, config.control)
    assert before is not None
    sfu = SFU(config, **stored(config))
    before.prepare(sfu)
    certificate = open_certificate(config, before.pair)
    async with serving(sfu, certificate, before.listener, before) as live:
        yield live


@asynccontextmanager
async def serving(
    sfu: SFU,
    certificate: ServerCertificate,
    listener: socket.socket,
    before: Predecessor | None = None,
) -> AsyncIterator[LiveServer]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with sfu:
        server = Server(sfu, certificate, ready.set_result, before=before)
        running = asyncio.create_task(server.run_on(listener))
        await asyncio.wait([ready, running], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        url = ready.result().replace("127.0.0.1", "localhost")
        tls = trusting(certificate)
        try:
            async with httpx.AsyncClient(base_url=url, verify=tls, limits=FRESH) as http:
                yield LiveServer(sfu, certificate, server, url, tls, http)
        finally:
            server.handle_exit(signal.SIGTERM, None)
            await running


def trusting(certificate: ServerCertificate) -> ssl.SSLContext:
    """A client's context that trusts this certificate and no other."""
    return ssl.create_default_context(cadata=certificate.pair.chain.decode())
