"""Signaling: a WebSocket that comes back by itself, to the same session or to a new one.

docs/signaling.md has the messages. What is sent while it is away is not kept: the call says its
state again when it is welcomed back.
"""

import asyncio
import json
import random
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import websockets

from fastsfu.client.errors import CallError

Message = dict[str, Any]

SUBPROTOCOL = websockets.Subprotocol("fastsfu.v1")
OPEN_SECONDS = 10.0
PATIENCE = 60.0  # seconds without a connection after which the call is given up
LONGEST_PAUSE = 4.0
GONE = ("no-room", "not-allowed")  # why a session cannot be resumed
RETURNABLE = (
    "timeout",
    "end-of-life",
    "connection-error",
)  # why it has ended, and its client may come back
FULL = "no-capacity"  # why that takes a while: somebody else has its seat


class Line:
    """One call's."""

    def __init__(
        self,
        url: str,
        tls: ssl.SSLContext | None,
        join: Callable[[], Message],
        waits: Callable[[], None],
        welcome: Callable[[Message], None],
        message: Callable[[Message], Awaitable[None]],
    ) -> None:
        """`join` makes the first message of a new session; `waits` is called when a host has to let
        it in, `welcome` with `joined` or `resumed`, `message` with all that follows.
        """
        base = url.rstrip("/").replace("https://", "wss://", 1).replace("http://", "ws://", 1)
        self._url = f"{base}/v1/signal"
        self._tls = tls if base.startswith("wss://") else None
        self._join = join
        self._waits = waits
        self._welcome = welcome
        self._message = message
        self._socket: websockets.ClientConnection | None = None
        self._session: Message | None = None  # to resume
        self._lost: Message | None = None  # to replace
        self._heartbeat = 10.0
        self._has_waited = False  # for a host, at the server

    async def open(self) -> None:
        """The first connection, which may have to wait for a host; raises CallError."""
        try:
            await self._connect()
        except CallError as error:
            if not self._has_waited or error.type != "connection-error":
                raise
            await self._return()

    async def run(self) -> None:
        """Read until the call ends; raises the CallError that ends it."""
        pings = asyncio.create_task(self._ping())
        try:
            while True:
                await self._read()
                await self._return()
        finally:
            pings.cancel()

    async def send(self, message: Message) -> None:
        """Send, if there is a connection now; raises CallError for what is no JSON."""
        await self.send_text(text_of(message))

    async def send_text(self, text: str) -> None:
        """The same, of a message as text."""
        if self._socket is not None:
            with suppress(websockets.ConnectionClosed):  # `run` notices it
                await self._socket.send(text)

    async def close(self) -> None:
        await self.send({"type": "leave"})
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def _connect(self) -> None:
        """One attempt: open, say the first message, wait for the answer to it."""
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                socket = await websockets.connect(
                    self._url, subprotocols=[SUBPROTOCOL], ssl=self._tls, max_size=2**20
                )
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise CallError("connection-error", f"The server cannot be reached: {error}.") from None
        try:
            await socket.send(text_of(self._first()))
            first = await self._answer(socket)
        except BaseException as error:
            self._socket = None
            await socket.close()
            if isinstance(error, TimeoutError | websockets.ConnectionClosed):
                raise CallError("connection-error", "The server did not answer.") from None
            raise
        self._socket = socket
        if first["type"] == "joined":
            self._session = {key: first[key] for key in ("session_id", "resume_key")}
            self._lost = None
            self._heartbeat = first["heartbeat"]
        self._welcome(first)

    async def _answer(self, socket: websockets.ClientConnection) -> Message:
        """To the first message; from `waiting` on it takes as long as a host takes."""
        pings: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(OPEN_SECONDS) as limit:
                while True:
                    message: Message = json.loads(await socket.recv())
                    match message["type"]:
                        case "joined" | "resumed":
                            return message
                        case "error":
                            raise CallError(message["error"], message["info"], fatal=True)
                        case "waiting" if pings is None:
                            limit.reschedule(None)
                            self._socket, self._has_waited = socket, True
                            self._heartbeat = message["heartbeat"]
                            pings = asyncio.create_task(self._ping())
                            self._waits()
        finally:
            if pings is not None:
                pings.cancel()

    def _first(self) -> Message:
        if self._session is not None:
            return {"type": "resume", **self._session}
        return {**self._join(), **({} if self._lost is None else {"replaces": self._lost})}

    async def _read(self) -> None:
        """Until the connection is lost; raises CallError for a fatal error."""
        assert self._socket is not None
        try:
            async for text in self._socket:
                message = json.loads(text)
                fatal = message["type"] == "error" and message["fatal"]
                if fatal and message["error"] not in RETURNABLE:
                    raise CallError(message["error"], message["info"], fatal=True)
                if message["type"] == "ejected":
                    raise CallError("ejected", message["reason"], fatal=True)
                if not fatal:
                    await self._message(message)
        except websockets.ConnectionClosed:
            pass
        self._socket = None

    async def _return(self) -> None:
        """Resume, or join anew when the session is gone; raises CallError when neither works."""
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + PATIENCE, 0.1
        while True:
            try:
                return await self._connect()
            except CallError as error:
                if self._session is not None and error.type in GONE:
                    self._lost, self._session = self._session, None
                    continue
                waits = error.type in (*RETURNABLE, FULL)
                if not waits or loop.time() + pause > until:
                    raise
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            await self.send({"type": "ping", "id": 0})


def text_of(message: Message) -> str:
    """As JSON; raises CallError for what is none."""
    try:
        return json.dumps(message, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CallError("bad-request", f"That is no JSON: {error}.") from None
