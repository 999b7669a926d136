"""One log line for each request: address, method, path, status, milliseconds.

Never the query string nor a header: the page's `?t=` is a meeting token.
"""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("fastsfu.access")


class AccessLog:
    """ASGI middleware; a WebSocket is logged when it ends, with its close code as status."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not logger.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        start = time.monotonic()
        status = 0

        async def note_status(message: Message) -> None:
            nonlocal status
            status = message.get("status") or message.get("code") or status
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            _log(scope, status, time.monotonic() - start)


def _log(scope: Scope, status: int, seconds: float) -> None:
    client = scope.get("client") or ("-",)
    method = scope.get("method", "WS")
    # repr: a path may hold line breaks and would otherwise forge lines.
    logger.info("%s %s %r %d %.1fms", client[0], method, scope["path"], status, seconds * 1000)
