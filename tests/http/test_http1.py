"""Several frames in one write: what becomes of them when the connection ends meanwhile."""

import asyncio
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState

from fastsfu.http.frame import text_frame
from fastsfu.http.http1 import FRAMES, WebSocket

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CLOSE_1000 = b"\x88\x82\0\0\0\0\x03\xe8"  # the client's, under a mask of zeros
OURS = b"".join(text_frame(text) for text in (b"one", b"two"))


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closing = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Open:
    """A WebSocket whose application has accepted it, and what it has written since."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.ended = 0
        self.scope: dict[str, Any] = {}
        config = uvicorn.Config(
            self._serve, interface="asgi3", lifespan="off", log_config=None, proxy_headers=False
        )
        self.protocol = WebSocket(config, ServerState(), {})
        self.protocol.ended = self._end
        self._accepted, self._over = asyncio.Event(), asyncio.Event()

    async def begin(self) -> None:
        self.protocol.connection_made(self.wire)
        self.protocol.data_received(HANDSHAKE)
        async with asyncio.timeout(5):
            await self._accepted.wait()
        assert b" 101 " in self.wire.written.pop()

    async def send(self) -> None:
        await self.scope["extensions"][FRAMES]["send"](OURS)

    async def waiting(self) -> "asyncio.Task[None]":
        """Frames that wait, since the client reads nothing."""
        self.protocol.pause_writing()
        sending = asyncio.create_task(self.send())
        await asyncio.sleep(0)
        assert not sending.done()
        assert self.wire.written == []
        return sending

    async def finish(self) -> None:
        if self.ended == 0:
            self.protocol.connection_lost(None)
        self._over.set()
        await asyncio.gather(*self.protocol.tasks)

    def _end(self) -> None:
        self.ended += 1

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.scope = cast(dict[str, Any], scope)
        self._accepted.set()
        await self._over.wait()


async def test_they_leave_in_one_write_as_they_are() -> None:
    opened = Open()
    await opened.begin()
    sending = await opened.waiting()
    opened.protocol.resume_writing()
    await sending
    assert opened.wire.written == [OURS]
    await opened.finish()


async def test_nothing_follows_the_close_of_a_server_that_ends() -> None:
    opened = Open()
    await opened.begin()
    sending = await opened.waiting()
    opened.protocol.shutdown()
    opened.protocol.resume_writing()
    with pytest.raises(ClientDisconnected):
        await sending
    assert opened.wire.written == [b"\x88\x02" + (1012).to_bytes(2, "big")]
    assert opened.wire.closing
    await opened.finish()


async def test_nothing_follows_the_answer_to_a_clients_close() -> None:
    opened = Open()
    await opened.begin()
    sending = await opened.waiting()
    opened.protocol.data_received(CLOSE_1000)
    opened.protocol.resume_writing()
    with pytest.raises(ClientDisconnected):
        await sending
    assert opened.wire.written == [b"\x88\x02" + (1000).to_bytes(2, "big")]
    assert opened.wire.closing
    opened.protocol.shutdown()
    await opened.finish()


@pytest.mark.parametrize("error", [None, ConnectionResetError()])
async def test_who_waits_for_a_lost_connection_hears_of_it(error: Exception | None) -> None:
    opened = Open()
    await opened.begin()
    sending = await opened.waiting()
    opened.protocol.connection_lost(error)
    with pytest.raises(ClientDisconnected):
        await sending
    assert (opened.wire.written, opened.ended) == ([], 1)
    await opened.finish()
