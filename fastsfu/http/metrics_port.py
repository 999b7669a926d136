"""`/metrics` at a port of its own (`metrics_port`), where who is in calls never comes: by HTTPS as
all else (promise P1), with the server's certificate, and nothing but that.
"""

import asyncio
import logging
import math
import ssl
from functools import partial

from uvicorn.server import ServerState

from fastsfu.errors import ConfigError
from fastsfu.http.app import metrics_application
from fastsfu.http.door import Door
from fastsfu.http.front import Front
from fastsfu.http.http1 import HTTP1
from fastsfu.http.listening import PortTaken, listen
from fastsfu.http.uvicorn_config import uvicorn_config
from fastsfu.sfu import SFU

logger = logging.getLogger("fastsfu.server")

RETRY_SECONDS = 0.25
PATIENCE = 10.0  # seconds that the port is waited for without a word


class MetricsPort:
    """Of one server (Front); all of it does nothing where none is configured.

    Attribute: `port`, once it is open.
    """

    def __init__(self, sfu: SFU, context: ssl.SSLContext, front: Front) -> None:
        self.port: int | None = None
        self._sfu = sfu
        self._context = context
        self._front = front
        self._state = ServerState()
        self._door: Door | None = None
        self._opening: asyncio.Task[None] | None = None

    def open(self, *, waits: bool) -> None:
        """Raises ConfigError: the port cannot be had; unless it is taken, and it `waits` for the
        process before to give it up.
        """
        if self._sfu.config.metrics_port is None:
            return
        try:
            self._open(self._sfu.config.metrics_port)
        except PortTaken:
            if not waits:
                raise
            self._opening = asyncio.create_task(self._open_when_free())

    def stop_accepting(self) -> None:
        """Another process has the port from now on."""
        if self._opening is not None:
            self._opening.cancel()
        if self._door is not None:
            self._door.close()
        for connection in list(self._state.connections):
            connection.shutdown()  # what waits for a request: the next one goes to the other

    async def close(self) -> None:
        self.stop_accepting()
        if self._door is not None:
            await self._door.wait_closed()

    def _open(self, port: int) -> None:
        listener = listen(self._sfu.config.metrics_host, port)
        self.port = listener.getsockname()[1]
        application = metrics_application(self._sfu, self._front)
        config = uvicorn_config(application, self._context, self._sfu.config.keep_alive)
        config.load()
        http = partial(HTTP1, config, self._state, {})
        self._door = Door(listener, self._context, self._sfu, http, for_clients=False)
        logger.info("metrics are at TCP %s:%d", self._sfu.config.metrics_host, self.port)

    async def _open_when_free(self) -> None:
        loop = asyncio.get_running_loop()
        says_at = loop.time() + PATIENCE
        while self.port is None:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                self._open(self._sfu.config.metrics_port or 0)
            except ConfigError as error:
                if loop.time() >= says_at:
                    logger.warning("no metrics as yet: %s", error.info)
                    says_at = math.inf
