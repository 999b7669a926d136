"""How uvicorn serves the application: what it is told, and what it leaves to us."""

import ssl
from email.utils import formatdate
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastsfu.http.http1 import WebSocket
from fastsfu.http.model import MAX_FIRST_BYTES

CLOSE_SECONDS: Final = 5  # for connections to end after the calls have


def uvicorn_config(app: ASGIApp, context: ssl.SSLContext, keep_alive: float) -> uvicorn.Config:
    """`keep_alive`: seconds that a connection may wait for its next request."""
    return uvicorn.Config(
        dated(app),
        ssl_context_factory=lambda _config, _default: context,
        ws=WebSocket,
        ws_max_size=MAX_FIRST_BYTES,  # who is in may say more: see http1.py
        ws_ping_interval=None,  # the protocol has its own heartbeat
        ws_per_message_deflate=False,  # some hundred KiB for each client, for messages of a few
        log_config=None,
        access_log=False,  # it logs query strings; http/access.py does not
        log_level="warning",
        server_header=False,
        date_header=False,  # see `dated`
        proxy_headers=False,
        timeout_keep_alive=keep_alive,  # type: ignore[arg-type]  # seconds of a timer
        timeout_graceful_shutdown=CLOSE_SECONDS,
    )


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
