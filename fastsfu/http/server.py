"""The server: HTTPS and WSS by uvicorn on the one TCP port (door.py), where media comes too.

On SIGTERM it takes no new calls and lets running ones end (`Config.drain_timeout`) while it still
answers, so that a load balancer sees /readyz fail and clients hear what is coming; then it closes.
A second one ends it at once. SIGHUP reads configuration and certificate again, SIGUSR1 logs what
the server is doing.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import cast
from urllib.parse import urlsplit

import uvicorn

from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.http import state, systemd
from fastsfu.http.app import application
from fastsfu.http.challenges import Challenges
from fastsfu.http.control import Control
from fastsfu.http.crowd import Place
from fastsfu.http.door import Door
from fastsfu.http.forwarded import forwarded
from fastsfu.http.http1 import HTTP1
from fastsfu.http.metrics_port import MetricsPort
from fastsfu.http.opening import (
    allow_all_files,
    open_acme,
    open_certificate,
    open_listener,
    url_of,
)
from fastsfu.http.renewal import Renewals
from fastsfu.http.signals import hearing
from fastsfu.http.takeover import Introduction, Predecessor, take_turn_port
from fastsfu.http.tls import ServerCertificate, watch
from fastsfu.http.uvicorn_config import uvicorn_config
from fastsfu.public_address import located
from fastsfu.sfu import SFU

logger = logging.getLogger("fastsfu.server")

FAREWELL_SECONDS = 1.0
MOVE_SECONDS = 20.0  # at least, for calls to move to another process


async def serve(
    sfu: SFU, on_ready: Callable[[SFU, str], None], load: Callable[[], Config] | None = None
) -> None:
    """Enter the SFU and serve it until told to stop.

    `on_ready` gets the SFU and the URL once requests are answered; `load` reads the configuration
    again, on SIGHUP. Raises ConfigError when a port is taken or the certificate is no good,
    RecordError when there is no way to the database.
    """
    allow_all_files()
    # Nothing else is served yet, and a thread of now would keep all privileges.
    sfu.config = located(sfu.config)
    before = None if sfu.config.control is None else Predecessor.find(sfu.config.control)
    if before is not None:
        before.prepare(sfu)
    config = sfu.config
    certificate = open_certificate(config, before.pair if before is not None else None)
    listener = open_listener(config) if before is None else before.listener
    try:
        await sfu.__aenter__()
    except OSError as error:
        listener.close()
        raise ConfigError(f"UDP {config.host}:{config.udp_port}: {error.strerror}") from None
    try:
        server = Server(sfu, certificate, lambda url: on_ready(sfu, url), load, before)
        await server.run_on(listener)
    finally:
        await sfu.__aexit__(None, None, None)


class Server(uvicorn.Server):
    """uvicorn as this application needs it; the Host of its Control, the Front of its metrics."""

    listener: socket.socket

    def __init__(
        self,
        sfu: SFU,
        certificate: ServerCertificate,
        on_ready: Callable[[str], None],
        load: Callable[[], Config] | None = None,
        before: Predecessor | None = None,
    ) -> None:
        """`load` reads the configuration again; without it only the certificate is. `before`: the
        process whose calls this one takes.
        """
        app = forwarded(application(sfu, self), sfu.config.forwarded_networks)
        super().__init__(uvicorn_config(app, certificate.context, sfu.config.keep_alive))
        self.metrics = MetricsPort(sfu, certificate.context, self)
        self._sfu = sfu
        self._certificate = certificate
        self._on_ready = on_ready
        self._load = load or (lambda: sfu.config)
        self._before = before
        self._control: Control | None = None
        self._door: Door | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.renewals: Renewals | None = None
        self._stopping = asyncio.Event()
        self._is_told = False  # to end, by a signal
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run_on(self, listener: socket.socket) -> None:
        """Serve what comes to `listener` until told to stop; watches the certificate meanwhile."""
        self.listener = listener
        self._watch_certificate()
        report = partial(state.report, self._sfu)
        try:
            with hearing({signal.SIGHUP: self.reload, signal.SIGUSR1: report}):
                await self.serve(sockets=[listener])
        finally:
            for task in (self._watcher, *self._tasks):
                if task is not None:
                    task.cancel()
            if self._control is not None:
                await self._control.close()
            if self._before is not None:
                self._before.close()
            await self.metrics.close()

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

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell that all is ready, once it is."""
        await super().startup([])  # accepting is the door's
        if self.started and sockets:
            try:
                await self._open(sockets[0])
            except BaseException:
                await self.lifespan.shutdown()
                raise

    async def _open(self, listener: socket.socket) -> None:
        """What may fail comes before the process before gives way."""
        config, context = self._sfu.config, self._certificate.context
        challenges = self._begin_acme()
        self.metrics.open(waits=self._before is not None)
        if config.control is not None:
            self._control = Control(config.control, self._sfu, self)
        if self._before is not None:
            await self._sfu.handover.expect(await self._before.estate())
            await self._before.accept()
        self._door = Door(listener, context, self._sfu, self._http, challenges)
        self.servers = cast(list[asyncio.Server], [self._door])
        url = url_of(config, self._certificate, listener)
        self._sfu.listen_tcp(listener.getsockname()[1], self._tls_name(url))
        self._go_on()
        self._on_ready(url)
        systemd.notify("READY=1")

    def _begin_acme(self) -> Challenges:
        """The certificate of before, if it is good; the challenges that are pending later."""
        challenges = Challenges()
        acme = open_acme(self._sfu.config, challenges)
        if acme is not None:
            stored = acme.stored()
            if stored is not None:
                self._certificate.replace(stored)
            self.renewals = Renewals(acme, self._certificate, has_one=stored is not None)
        return challenges

    def _go_on(self) -> None:
        """What happens beside, from now on."""
        if self._control is not None:
            self._control.open()
        self._tasks.append(asyncio.create_task(systemd.watchdog(lambda: self._sfu.is_alive)))
        if self.renewals is not None:
            self._tasks.append(asyncio.create_task(self.renewals.run()))
        if self._before is not None:
            self._tasks.append(asyncio.create_task(self._take_mail(self._before)))
            if self._before.turn_port is not None:
                taking = take_turn_port(self._sfu, self._before.turn_port)
                self._tasks.append(asyncio.create_task(taking))

    async def _take_mail(self, before: Predecessor) -> None:
        try:
            async for mail in before.mail():
                self._sfu.handover.complete(mail)
        finally:
            self._sfu.handover.complete_all()

    # What metrics show (Front).

    @property
    def connections(self) -> int:
        return 0 if self._door is None else self._door.connections

    @property
    def media_connections(self) -> int:
        return 0 if self._door is None else self._door.media_connections

    @property
    def refused_connections(self) -> int:
        return 0 if self._door is None else self._door.refused

    @property
    def certificate_expires_at(self) -> float:
        return self._certificate.pair.expires_at().timestamp()

    # What Control calls.

    def introduction(self) -> Introduction:
        config, pair = self._sfu.config, self._certificate.pair
        turn_port = config.turn_port
        if self._before is not None and turn_port is None:  # it is on its way here
            turn_port = self._before.turn_port
        media_ports = [engine.port for engine in self._sfu.engines]
        told = Introduction(media_ports=media_ports, turn_port=turn_port)
        if config.secret is None:
            told.secret = self._sfu.tokens.random.get_secret_value()
        if config.cert is None:
            told.chain, told.key = pair.chain.decode(), pair.key.decode()
        return told

    def pause(self) -> None:
        assert self._door is not None
        self._door.pause()

    def resume(self) -> None:
        assert self._door is not None
        self._door.resume()

    def give_way(self) -> None:
        assert self._door is not None
        self._door.stop_accepting()
        self.metrics.stop_accepting()
        for connection in list(self.server_state.connections):
            if isinstance(connection, HTTP1):
                connection.shutdown()  # what waits for a request: the next one goes to the other
        self._stop()

    def _http(self, place: Place) -> asyncio.Protocol:
        """A protocol for one connection, as uvicorn's own startup makes it."""
        assert self._door is not None
        trusted, refused = self._sfu.config.forwarded_networks, self._door.note_refused
        return HTTP1(self.config, self.server_state, self.lifespan.state, place, trusted, refused)

    def _tls_name(self, url: str) -> str | None:
        """By which TURN/TLS clients reach us; None: a self-signed pair has our addresses."""
        config = self._sfu.config
        return None if config.cert is None and not config.acme else urlsplit(url).hostname

    async def main_loop(self) -> None:
        """uvicorn's without its ten ticks a second, for the Date header: the core is for media."""
        self._loop = asyncio.get_running_loop()
        if not self.should_exit:
            await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the calls end before their connections are closed; a second signal cuts it short."""
        systemd.notify("STOPPING=1")
        is_away = self._sfu.handover.is_under_way
        draining = asyncio.create_task(self._all_gone(is_away))
        while not draining.done() and not self.force_exit:
            await asyncio.wait([draining], timeout=0.1)
            if self._sfu.handover.is_under_way is not is_away:  # a successor came, or failed
                is_away = not is_away
                draining.cancel()
                draining = asyncio.create_task(self._all_gone(is_away))
        draining.cancel()
        with suppress(asyncio.CancelledError):
            await draining
        if self.server_state.tasks:  # clients that still have to be told why they are closed
            await asyncio.wait(list(self.server_state.tasks), timeout=FAREWELL_SECONDS)
        await super().shutdown(sockets)
        if self.force_exit:  # uvicorn then leaves the application waiting, as a task without owner
            await self.lifespan.shutdown()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal ends the server in good order, and then the process with status 0."""
        if self._is_told:
            self.force_exit = True
        self._is_told = True
        self._stop()

    async def _all_gone(self, is_away: bool) -> None:
        """To the next process (`is_away`), or wherever they want."""
        if is_away:
            await self._sfu.vacate(max(self._sfu.config.drain_timeout, MOVE_SECONDS))
        else:
            await self._sfu.drain()

    def _stop(self) -> None:
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
