"""HTTP/1.1 and WebSocket connections as uvicorn has them, with an end to waiting for a request.

uvicorn's own timer runs between an answer and the first byte of the next request only: whoever says
nothing at first, or a part of a request, would keep the connection for ever.
"""

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request
from websockets.protocol import State

from fastsfu.http.crowd import Place
from fastsfu.http.forwarded import client_of

SIZE: Final = "fastsfu.message-size"  # {"allow": (bytes) -> None}
FRAMES: Final = "fastsfu.frames"  # {"send": async (bytes) -> None}
REQUEST_SECONDS: Final = 30.0  # from its first byte, or that of the connection, to its last


class WebSocket(WebSocketsSansIOProtocol):
    """`ended` is called when it has. By extensions of the connection's scope the application may
    allow larger messages (SIZE), and send several frames at once (FRAMES).
    """

    ended: Callable[[], None]

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.scope["extensions"] = {
                **(self.scope["extensions"] or {}),
                SIZE: {"allow": self._allow},
                FRAMES: {"send": self._send_frames},
            }

    def _allow(self, size: int) -> None:
        """Take messages of so many bytes from now on."""
        self.conn.max_message_size = size

    async def _send_frames(self, frames: bytes) -> None:
        """In one write, and as they are. ASGI's way takes three times as long for small messages,
        with a TLS record and a system call for each. Raises ClientDisconnected.
        """
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.conn.state is not State.OPEN:
            raise ClientDisconnected
        self.transport.write(frames)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.ended()

    def shutdown(self) -> None:
        """The server ends. Of a connection that its client is closing, uvicorn's raises."""
        if self.handshake_complete and self.conn.state is not State.OPEN:
            self.stop_keepalive()
            self.transport.close()
        else:
            super().shutdown()


class HTTP1(H11Protocol):
    """`place` is given up when the connection ends, also when it became a WebSocket.

    Who comes through a load balancer that says so counts by its own address from then on, if there
    are not too many of that; `refused` is called with it else.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        place: Place,
        trusted: Sequence[str] = (),
        refused: Callable[[str], None] = lambda address: None,
    ) -> None:
        """`trusted`: networks whose X-Forwarded-For is believed."""
        super().__init__(config, server_state, app_state)
        self._trusted = trusted
        self._refused = refused
        self._place = place
        self._timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._asked()

    def on_response_complete(self) -> None:
        self._place.fall_silent()
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        peer = self.client[0] if self.client else ""
        client = client_of(event.headers, peer, self._trusted) if peer else None
        if client is not None and not self._place.come_from(client):
            self._refused(client)
            self.transport.abort()
            return
        super().handle_websocket_upgrade(event)
        self._asked()
        protocol = self.transport.get_protocol()
        assert isinstance(protocol, WebSocket)
        protocol.ended = self._place.leave

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)
        self._place.leave()

    def _asked(self) -> None:
        """The request is complete."""
        self._stop_timer()
        self._place.speak()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
