"""The ASGI application: pages, signaling, WHIP, WHEP, tokens, metrics, health; mountable anywhere.

Served by itself it opens and closes the SFU with its lifespan. Mounted in another application it
gets no lifespan (ASGI has none for parts): then the first request opens the SFU, and the end of the
event loop closes it. An SFU that somebody has entered already is left to them.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from fastsfu.errors import FastSFUError, fault_said
from fastsfu.http import metrics, pages
from fastsfu.http.access import AccessLog
from fastsfu.http.answers import HttpError
from fastsfu.http.api import document
from fastsfu.http.api.idempotency import Idempotency
from fastsfu.http.api.route import Api
from fastsfu.http.api.routers import ROUTERS
from fastsfu.http.front import Front
from fastsfu.http.headers import SecurityHeaders
from fastsfu.http.keys import KeyCheck
from fastsfu.http.media_tcp import MediaTcp
from fastsfu.http.siblings import refuse_siblings
from fastsfu.http.signaling import signaling
from fastsfu.http.whep import Whep
from fastsfu.http.whip import Whip
from fastsfu.sfu import SFU

logger = logging.getLogger("fastsfu.http")

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

# A loop knows its tasks weakly: without these, what holds an SFU open could be collected with the
# application that it was made for.
_keepers: set[asyncio.Task[None]] = set()


def asgi_app(sfu: SFU) -> ASGIApp:
    """Everything that `sfu` offers over HTTP, as one ASGI application.

    Serve it under TLS only: browsers give camera and microphone to nothing else. Make it before the
    SFU is entered: with it goes the TCP port for media (`media_tcp_port`). Raises ConfigError in
    the second process of an application that runs in several.
    """
    refuse_siblings(sfu.config)
    if not (sfu.running or any(isinstance(each, MediaTcp) for each in sfu.beside)):
        sfu.beside.append(MediaTcp(sfu))
    return application(sfu)


def application(sfu: SFU, front: Front | None = None) -> ASGIApp:
    """The same for a server of our own, which has one process and its own way for media; `front` is
    that server, which metrics then show too.
    """
    opener = Opener(sfu)
    keys = KeyCheck(sfu)
    app = FastAPI(
        routes=routes(sfu, keys, front),
        openapi_url=None,  # api/document.py has it
        lifespan=opener.lifespan,
        exception_handlers=_faults(),
    )
    app.state.api = Api(sfu, keys, Idempotency(sfu.records))
    for router in ROUTERS:
        app.include_router(router)
    config = sfu.config
    secured = SecurityHeaders(opener.before(app), config.frame_ancestors, config.alternates)
    return AccessLog(secured)


def metrics_application(sfu: SFU, front: Front) -> ASGIApp:
    """`/metrics` of that server and nothing else, for a port of its own."""
    app = Starlette(routes=metrics.own_routes(sfu, KeyCheck(sfu), front))
    for kind, handler in _faults().items():
        app.add_exception_handler(kind, handler)
    return AccessLog(SecurityHeaders(app))


def routes(sfu: SFU, keys: KeyCheck, front: Front | None = None) -> list[BaseRoute]:
    """All routes of the application but those of the REST interface (docs/http.md)."""
    return [
        *_own_routes(sfu),
        *Whip(sfu).routes(),
        *Whep(sfu).routes(),
        *document.routes(),
        *metrics.routes(sfu, keys, front),
        *pages.routes(sfu),
    ]


def _own_routes(sfu: SFU) -> list[BaseRoute]:
    async def signal(websocket: WebSocket) -> None:
        await signaling(sfu, websocket)

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        if not sfu.ready:
            raise HttpError(503, "end-of-life", "no new calls are taken")
        if all(each.full or each.lost for each in sfu.engines):
            raise HttpError(503, "no-capacity", "the server is full")
        return PlainTextResponse("ok\n")

    return [
        WebSocketRoute("/v1/signal", signal),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]


class Opener:
    """Enters an SFU that is not entered yet, in a task of its own, and leaves it there too."""

    def __init__(self, sfu: SFU) -> None:
        self._sfu = sfu
        self._keeper: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """The application's own: open at start-up, close at shut-down."""
        await self.open()
        yield
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])

    async def open(self) -> None:
        """Enter the SFU unless it is entered; raises what its entering raises."""
        async with self._opening:
            if self._sfu.running:
                return
            opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._keeper = asyncio.create_task(self._keep(opened))
            _keepers.add(self._keeper)
            self._keeper.add_done_callback(_keepers.discard)
            await opened

    def before(self, app: ASGIApp) -> ASGIApp:
        """`app`, with the SFU open before its first request."""

        async def opened_app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "lifespan" and not self._sfu.running:
                await self.open()
            await app(scope, receive, send)

        return opened_app

    async def _keep(self, opened: "asyncio.Future[None]") -> None:
        """Hold the SFU open until cancelled; asyncio cancels all tasks when its loop ends."""
        try:
            async with self._sfu:
                opened.set_result(None)
                await asyncio.get_running_loop().create_future()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)


def _faults() -> dict[int | type[Exception], Handler]:
    """Who answers, by what was raised."""
    return {
        FastSFUError: _answer,
        HttpError: _answer,
        HTTPException: _answer,
        RequestValidationError: _answer_invalid,
        ClientDisconnect: _gone,
        Exception: _answer_fault,
    }


async def _answer(request: Request, error: Any) -> Response:
    if isinstance(error, HTTPException):  # Starlette's own: no such path, method not allowed
        words = {404: "not-found", 405: "method-not-allowed"}
        kind = words.get(error.status_code, "bad-request")
        error = HttpError(error.status_code, kind, error.detail, error.headers)
    if isinstance(error, FastSFUError):
        error = HttpError.of(error)
    if error.status == 404 and pages.wants_page(request):
        return pages.lost(request, error.status)
    response: Response = error.response()
    return response


async def _answer_invalid(_: Request, error: Any) -> Response:
    """What the REST interface cannot read; the first part of the place is `body` or `query`."""
    fault = error.errors()[0]
    place = () if fault["type"] == "json_invalid" else fault["loc"][1:]
    info = fault_said(fault["type"], place, fault["msg"])
    return HttpError(400, "bad-request", info).response()


async def _gone(_: Request, error: Exception) -> Response:
    """The client left in the middle of its request: nobody hears this answer."""
    return Response(status_code=400)


async def _answer_fault(request: Request, error: Exception) -> Response:
    """The server logs the error itself, after this answer."""
    return HttpError(500, "internal", "a fault in the server").response()
