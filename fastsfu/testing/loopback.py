"""A server that this machine alone reaches, on ports that are free."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from fastsfu.config import Config
from fastsfu.http.listening import listen
from fastsfu.http.tls import self_signed

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Served:
    """An application that answers. `ssl` is the context of a client that trusts it."""

    url: str  # https://localhost:PORT/
    ssl: ssl.SSLContext


def loopback(**options: Any) -> Config:
    """A small server's configuration, on free ports of this machine; `options` come first."""
    small = {
        "host": LOOPBACK,
        "port": 0,
        "media_port": 0,
        "workers": 1,
        "max_transports": 256,
        "max_streams": 4096,
        "max_buffers": 4096,
        "drain_timeout": 0,
    }
    return Config(**{**small, **options})


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[Served]:
    """Serve an ASGI application in the test's event loop, with its lifespan, over TLS."""
    pair = self_signed(["localhost"], [LOOPBACK])
    server = _Server(
        uvicorn.Config(
            app,
            ssl_context_factory=lambda _config, _default: pair.context(),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    listener = listen(LOOPBACK, 0)
    port = listener.getsockname()[1]
    running = asyncio.create_task(server.serve(sockets=[listener]))
    started = asyncio.create_task(server.is_up.wait())
    await asyncio.wait([running, started], return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    if running.done():
        running.result()
    try:
        yield Served(f"https://localhost:{port}/", trusting(pair.chain))
    finally:
        server.should_exit = True
        await running


def trusting(chain: bytes) -> ssl.SSLContext:
    """The context of a client that trusts this certificate (PEM) and no other."""
    return ssl.create_default_context(cadata=chain.decode())


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            raise RuntimeError("the application did not start: its log says why") from None
        self.is_up.set()
