"""The server: HTTPS and WSS by uvicorn on the one TCP port (door.py), where media comes too.

On SIGTERM it takes no new calls and lets running ones end (`Config.drain_timeout`) while it still
answers, so that a load balancer sees /readyz fail and clients hear what is coming; then it closes.
A second one ends it at once. SIGHUP reads configuration and certificate again, SIGUSR1 logs what
the server is doing.
"""

import asyncio
import logging
import resource
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from functools import partial
from types import FrameType
from typing import cast
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.http import state
from fastsfu.http.app import asgi_app
from fastsfu.http.crowd import Place
from fastsfu.http.door import Door
from fastsfu.http.http1 import HTTP1, WebSocket
from fastsfu.http.key_files import KeyFileError
from fastsfu.http.model import MAX_MESSAGE_BYTES
from fastsfu.http.tls import Pair, ServerCertificate, self_signed, watch
from fastsfu.sfu import SFU

logger = logging.getLogger("fastsfu.server")

BACKLOG = 2048
FAREWELL_SECONDS = 1.0
CLOSE_SECONDS = 5  # for connections to end after the calls have


async def serve(
    sfu: SFU, on_ready: Callable[[SFU, str], None], load: Callable[[], Config] | None = None
) -> None:
    """Enter the SFU and serve it until told to stop.

    `on_ready` gets the SFU and the URL once requests are answered; `load` reads the configuration
    again, on SIGHUP. Raises ConfigError when a port is taken or the certificate is no good,
    RecordError when there is no way to the database.
    """
    allow_all_files()
    config = sfu.config
    certificate = open_certificate(config)
    listener = open_listener(config)
    try:
        await sfu.__aenter__()
    except OSError as error:
        listener.close()
        raise ConfigError(f"UDP {config.host}:{config.udp_port}: {error.strerror}") from None
    try:
        server = Server(sfu, certificate, lambda url: on_ready(sfu, url), load)
        await server.run_on(listener)
    finally:
        await sfu.__aexit__(None, None, None)


class Server(uvicorn.Server):
    """uvicorn as this application needs it."""

    def __init__(
        self,
        sfu: SFU,
        certificate: ServerCertificate,
        on_ready: Callable[[str], None],
        load: Callable[[], Config] | None = None,
    ) -> None:
        """`load` reads the configuration again; without it only the certificate is."""
        super().__init__(_uvicorn_config(sfu, certificate.context))
        self._sfu = sfu
        self._certificate = certificate
        self._on_ready = on_ready
        self._load = load or (lambda: sfu.config)
        self._watcher: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run_on(self, listener: socket.socket) -> None:
        """Serve what comes to `listener` until told to stop; watches the certificate meanwhile."""
        self._watch_certificate()
        try:
            with self._hearing_signals():
                await self.serve(sockets=[listener])
        finally:
            if self._watcher is not None:
                self._watcher.cancel()

    def reload(self) -> None:
        """Read configuration and certificate again; what is wrong is said, and nothing changes."""
        try:
            config = self._load()
            if config.cert is not None:
                self._certificate.replace(open_certificate(config).pair)
        except ConfigError as error:
            logger.error("not reloaded: %s", error.info)
            return
        waiting = self._sfu.reconfigure(config)
        self._watch_certificate()
        logger.info("configuration and certificate reloaded")
        if waiting:
            logger.warning("waiting for the next start: %s", ", ".join(sorted(waiting)))

    def _watch_certificate(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
        config = self._sfu.config
        if config.cert is not None and config.key is not None:
            files = (config.cert, config.key, config.key_passphrase_file)
            self._watcher = asyncio.create_task(watch(self._certificate, *files))

    @contextmanager
    def _hearing_signals(self) -> Iterator[None]:
        """SIGHUP and SIGUSR1, in a process of our own; SIGINT and SIGTERM are uvicorn's."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before = {each: signal.getsignal(each) for each in (signal.SIGHUP, signal.SIGUSR1)}
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        loop.add_signal_handler(signal.SIGUSR1, partial(state.report, self._sfu))
        try:
            yield
        finally:
            for number, handler in before.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell that all is ready, once it is."""
        await super().startup([])  # accepting is the door's
        if self.started and sockets:
            url = _url(self._sfu.config, self._certificate, sockets[0])
            self._open_doors(sockets)
            self._sfu.listen_tcp(sockets[0].getsockname()[1], self._tls_name(url))
            self._on_ready(url)

    def _open_doors(self, sockets: list[socket.socket]) -> None:
        context = self._certificate.context
        doors = [Door(each, context, self._sfu, self._http) for each in sockets]
        self.servers = cast(list[asyncio.Server], doors)

    def _http(self, place: Place) -> asyncio.Protocol:
        """A protocol for one connection, as uvicorn's own startup makes it."""
        return HTTP1(self.config, self.server_state, self.lifespan.state, place)

    def _tls_name(self, url: str) -> str | None:
        """By which TURN/TLS clients reach us; None: a self-signed pair has our addresses."""
        return None if self._sfu.config.cert is None else urlsplit(url).hostname

    async def main_loop(self) -> None:
        """uvicorn's without its ten ticks a second, for the Date header: the core is for media."""
        self._loop = asyncio.get_running_loop()
        if not self.should_exit:
            await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the calls end before their connections are closed; a second signal cuts it short."""
        draining = asyncio.create_task(self._sfu.drain())
        while not draining.done() and not self.force_exit:
            await asyncio.wait([draining], timeout=0.1)
        draining.cancel()
        with suppress(asyncio.CancelledError):
            await draining
        if self.server_state.tasks:  # clients that still have to be told why they are closed
            await asyncio.wait(list(self.server_state.tasks), timeout=FAREWELL_SECONDS)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal ends the server in good order, and then the process with status 0."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)


def dated(app: ASGIApp) -> ASGIApp:
    """`app`, whose HTTP answers say when they were made (RFC 9110 section 6.6.1)."""

    async def dated_app(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await app(scope, receive, send_dated if scope["type"] == "http" else send)

    return dated_app


def allow_all_files() -> None:
    """As many file descriptors as the process may have, which mostly starts with 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def open_certificate(config: Config) -> ServerCertificate:
    """The configured pair, or a self-signed one; raises ConfigError."""
    if config.cert is None or config.key is None:
        names = ["localhost", socket.gethostname()]
        return ServerCertificate(self_signed(names, ["127.0.0.1", "::1", *config.media_ips]))
    try:
        given = ServerCertificate(Pair.read(config.cert, config.key, config.key_passphrase_file))
    except ssl.SSLError as error:
        reason = f"{config.cert} and {config.key} cannot be used: {error.reason}"
        raise ConfigError(reason) from None
    except KeyFileError as error:
        raise ConfigError(f"{error}.") from None
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from None
    if invalid := given.pair.why_invalid():
        logger.warning("the certificate in %s %s: browsers refuse it", config.cert, invalid)
    return given


def open_listener(config: Config) -> socket.socket:
    """The listening TCP socket; raises ConfigError when the port cannot be had."""
    ipv6 = ":" in config.host
    try:
        return socket.create_server(
            (config.host, config.port),
            family=socket.AF_INET6 if ipv6 else socket.AF_INET,
            dualstack_ipv6=config.host == "::",
            backlog=BACKLOG,
        )
    except OSError as error:
        raise ConfigError(f"TCP {config.host}:{config.port}: {error.strerror}") from None


def _uvicorn_config(sfu: SFU, context: ssl.SSLContext) -> uvicorn.Config:
    return uvicorn.Config(
        dated(asgi_app(sfu)),
        ssl_context_factory=lambda _config, _default: context,
        ws=WebSocket,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=None,  # the protocol has its own heartbeat
        ws_per_message_deflate=False,  # some hundred KiB for each client, for messages of a few
        log_config=None,
        access_log=False,  # it logs query strings; http/access.py does not
        log_level="warning",
        server_header=False,
        date_header=False,  # see `dated`
        proxy_headers=False,
        timeout_keep_alive=sfu.config.keep_alive,  # type: ignore[arg-type]  # seconds of a timer
        timeout_graceful_shutdown=CLOSE_SECONDS,
    )


def _url(config: Config, certificate: ServerCertificate, listener: socket.socket) -> str:
    """Where a browser on this machine reaches us, by a name that the certificate has."""
    port = listener.getsockname()[1]
    name = "localhost"
    if config.cert is not None:
        names = certificate.pair.names()
        name = next((each for each in names if "*" not in each), name)
    elif config.host not in ("0.0.0.0", "::"):
        name = f"[{config.host}]" if ":" in config.host else config.host
    return f"https://{name}/" if port == 443 else f"https://{name}:{port}/"
