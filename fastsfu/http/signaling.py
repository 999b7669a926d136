"""The WebSocket side of a session: `WS /v1/signal`, messages as in protocol.py.

Two tasks for each WebSocket: one reads and handles message after message, one writes what waits.
Whatever a client does wrong ends in an `error` to that client, or in the close of its WebSocket.
One that goes without `leave` only detaches from its session, which lives on to be resumed.
"""

import asyncio
import logging
from asyncio import FIRST_COMPLETED
from collections.abc import Awaitable, Callable, Collection
from contextlib import closing
from functools import partial
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from fastsfu.auth import origins
from fastsfu.errors import FastSFUError, JoinError
from fastsfu.events import Batch, Event
from fastsfu.http import host_messages, messages, protocol, translate, values
from fastsfu.http.http1 import FRAMES, SIZE
from fastsfu.http.model import MAX_FIRST_BYTES, MAX_MESSAGE_BYTES, Model
from fastsfu.http.outgoing import Outgoing
from fastsfu.http.patience import Patience
from fastsfu.http.protocol import CloseCode, MessageError
from fastsfu.http.rate import Rate, TooFast
from fastsfu.http.requests import Requests
from fastsfu.room.lobby import Waiting
from fastsfu.session.arrival import Arrival
from fastsfu.session.session import Session
from fastsfu.sfu import SFU

logger = logging.getLogger("fastsfu.signaling")

MAX_ORIGIN = 200  # characters that are said and logged
SILENT_HEARTBEATS = 3
MAX_FAULTS = 20  # malformed or ill-timed messages in a row

# Refusals of a join that are not about the room, but about who joins, or about the server.
REFUSALS = {
    **dict.fromkeys(("not-allowed", "exp-token", "nbf-token"), CloseCode.NOT_ALLOWED),
    "no-capacity": CloseCode.TRY_AGAIN_LATER,
    "end-of-life": CloseCode.GOING_AWAY,
}


async def signaling(sfu: SFU, websocket: WebSocket) -> None:
    """Serve one WebSocket until it closes."""
    if protocol.SUBPROTOCOL not in websocket.scope.get("subprotocols", ()):
        logger.warning("refused a WebSocket without the subprotocol %s", protocol.SUBPROTOCOL)
        await websocket.close()  # before accept: an HTTP 403
        return
    await websocket.accept(subprotocol=protocol.SUBPROTOCOL)
    origin = websocket.headers.get("origin")
    if _may_connect(websocket, origin, sfu.config.allowed_origins):
        await Client(sfu, websocket).run()
    else:
        sfu.rooms.outcomes.refused["bad-origin"] += 1
        await _refuse_origin(websocket, str(origin))


def _may_connect(websocket: WebSocket, origin: str | None, allowed: Collection[str]) -> bool:
    host = websocket.headers.get("host", "")
    return origins.may_connect(origin, host, allowed, encrypted=websocket.url.scheme == "wss")


async def _refuse_origin(websocket: WebSocket, origin: str) -> None:
    """By a message: browsers tell pages nothing of a handshake that was refused."""
    named = origin[:MAX_ORIGIN]
    logger.warning("refused a WebSocket of origin %r: it is none of allowed_origins", named)
    info = f"Pages of {named} may not use this server; it can allow them (allowed_origins)."
    await websocket.send_text(
        protocol.write(messages.Error(fatal=True, error="bad-origin", info=info))
    )
    await websocket.close(CloseCode.REFUSED)


async def _send_frames(send: Callable[[bytes], Awaitable[None]], waiting: list[Model]) -> None:
    await send(b"".join([each.frame for each in waiting]))


class _Refused(Exception):
    """Ends the WebSocket with a fatal error."""

    def __init__(self, error: str, info: str, code: CloseCode) -> None:
        super().__init__(info)
        self.error, self.info, self.code = error, info, code


class Client:
    """One WebSocket; the `Signaler` of its session."""

    def __init__(self, sfu: SFU, websocket: WebSocket) -> None:
        self._sfu = sfu
        self._websocket = websocket
        self._outgoing = Outgoing()
        self._session: Session | None = None
        self._rate = Rate(self._outgoing.put)
        self._requests = Requests(sfu.tokens, self._outgoing.put)
        self._takes_batches = False
        self._faults = 0
        self._limit: asyncio.Timeout | None = None  # of what comes before the session
        self._reading: asyncio.Future[Any] | None = None  # what a wait has left

    async def run(self) -> None:
        """Read and write until either side ends; then leave the session to be resumed."""
        reader = asyncio.create_task(self._read())
        try:
            close = self._websocket.close
            if frames := self._websocket.scope.get("extensions", {}).get(FRAMES):
                await self._outgoing.run(partial(_send_frames, frames["send"]), close)
            else:  # another ASGI server
                await self._outgoing.run(self._send, close, at_once=1)
        except (TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
            pass  # gone, or not reading: for its session that is the same
        finally:
            reader.cancel()
            if self._reading is not None:
                self._reading.cancel()
            if self._session is not None:
                self._session.detach(self)

    def send(self, event: Event) -> None:
        """Queue what the session has to say (`events.Signaler`)."""
        if isinstance(event, Batch) and not self._takes_batches:
            for each in event.events:
                self.send(each)
        elif message := translate.to_message(event):
            self._outgoing.put(message)
            if isinstance(message, messages.SectionsMessage):
                self._rate.asked()
        code = translate.close_code(event)
        if code is not None:
            self._session = None
            self._outgoing.finish(code)

    async def _send(self, waiting: list[Model]) -> None:
        for each in waiting:
            await self._websocket.send_text(protocol.write(each))

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self._sfu.config.join_timeout) as self._limit:
                await self._begin()
            with closing(Patience(SILENT_HEARTBEATS * self._sfu.config.heartbeat)) as patience:
                while True:
                    with patience:
                        frame = await self._receive()
                    await self._attempt(frame)
        except TimeoutError:
            self._refuse("timeout", "nothing came in time", CloseCode.TIMEOUT)
        except TooFast as error:
            self._refuse("rate-limit", str(error), CloseCode.RATE)
        except _Refused as refused:
            self._refuse(refused.error, refused.info, refused.code)
        except WebSocketDisconnect:
            self._outgoing.finish(CloseCode.NORMAL)
        except Exception:
            logger.exception("signaling failed")
            self._refuse("connection-error", "internal error", CloseCode.INTERNAL)

    async def _receive(self) -> str:
        """The next text frame; a binary one ends the WebSocket."""
        reading = self._reading or self._websocket.receive()
        self._reading = None
        event = await reading
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", CloseCode.NORMAL))
        frame: str | None = event.get("text")
        if frame is None:
            raise _Refused("bad-message", "frames have to be text", CloseCode.BAD_MESSAGE)
        if len(frame) > (MAX_FIRST_BYTES if self._session is None else MAX_MESSAGE_BYTES):
            raise _Refused("bad-message", "the message is too large", CloseCode.TOO_LARGE)
        return frame

    async def _begin(self) -> None:
        """The first message: `join` or `resume`."""
        try:
            first = protocol.read_client(await self._receive())
            if isinstance(first, messages.Join):
                await self._join(first)
            elif isinstance(first, messages.Resume):
                self._resume(first)
            else:
                raise MessageError("the first message has to be join or resume")
        except MessageError as error:
            raise _Refused("bad-message", str(error), CloseCode.BAD_MESSAGE) from None
        except FastSFUError as error:
            self._sfu.rooms.outcomes.refused[error.type] += 1
            logger.info("refused: %s", error.info, extra={"reason": error.type})
            code = REFUSALS.get(error.type, CloseCode.REFUSED)
            raise _Refused(error.type, error.info, code) from None
        if size := self._websocket.scope.get("extensions", {}).get(SIZE):
            size["allow"](MAX_MESSAGE_BYTES)

    async def _attempt(self, frame: str) -> None:
        """Handle one message; what is wrong with it is said and changes nothing."""
        message: Model | None = None
        try:
            message = protocol.read_client(frame)
            await self._rate.slow_down(message)
            await self._requests.handle(self._session, message)
            self._faults = 0
        except (MessageError, FastSFUError) as error:
            self._faults += 1
            if message is None:
                await self._rate.slow_down(message)
            if self._faults >= MAX_FAULTS:
                info = f"{MAX_FAULTS} wrong messages in a row, the last: {error}"
                raise _Refused("bad-message", info, CloseCode.BAD_MESSAGE) from None
            kind = error.type if isinstance(error, FastSFUError) else "bad-message"
            asked = error.re if isinstance(error, MessageError) else getattr(message, "id", None)
            self._outgoing.put(messages.Error(fatal=False, error=kind, info=str(error), re=asked))

    def _refuse(self, error: str, info: str, code: CloseCode) -> None:
        self._outgoing.put(messages.Error(fatal=True, error=error, info=info))
        self._outgoing.finish(code)

    # First messages

    async def _join(self, join: messages.Join) -> None:
        replaces = translate.to_previous(join)
        self._takes_batches = "batches" in join.capabilities
        arrival = Arrival(
            grant=self._sfu.grant(join.room, join.token, replaces),
            name=join.name or "",
            user_data=join.user_data,
            p2p="p2p" in join.capabilities,
            confirms="confirms" in join.capabilities,
            maps="maps" in join.capabilities,
            moves="moves" in join.capabilities,
            batches=self._takes_batches,
            limits="limits" in join.capabilities,
            replaces=replaces,
            listens=True,
        )
        if waiting := self._sfu.knock(join.room, arrival):
            arrival = await self._wait(waiting, knocks="knocks" in join.capabilities)
        session = await self._sfu.admit(join.room, arrival, self)
        self._session = session
        config = self._sfu.config
        self._outgoing.start(
            messages.Joined(
                session_id=session.id,
                resume_key=session.resume_key,
                **translate.scene(session),
                heartbeat=config.heartbeat,
                config=values.ClientConfig(
                    resume_timeout=config.resume_timeout,
                    max_app_message_bytes=config.max_app_message_bytes,
                    can_send_messages=session.permissions.messages,
                ),
                alternates=config.alternates,
            )
        )

    async def _wait(self, waiting: Waiting, *, knocks: bool) -> Arrival:
        """Until a host lets the client in, which is read meanwhile; raises JoinError."""
        answer = asyncio.ensure_future(waiting.answered())
        try:
            if not knocks:
                raise JoinError("not-allowed", "A host of the room has to let you in.")
            heartbeat = self._sfu.config.heartbeat
            self._outgoing.start(host_messages.Waiting(id=waiting.id, heartbeat=heartbeat))
            self._extend(None)
            while not answer.done():
                if self._reading is None:
                    self._reading = asyncio.ensure_future(self._websocket.receive())
                silence = SILENT_HEARTBEATS * heartbeat
                async with asyncio.timeout(silence):
                    await asyncio.wait({answer, self._reading}, return_when=FIRST_COMPLETED)
                if self._reading.done():
                    await self._attend(waiting, await self._receive())
            self._extend(self._sfu.config.join_timeout)
            self._outgoing.hold()
            return await answer
        finally:
            answer.cancel()
            waiting.leave()

    async def _attend(self, waiting: Waiting, frame: str) -> None:
        """Handle a message of who waits."""
        message = protocol.read_client(frame)
        await self._rate.slow_down(message)
        match message:
            case host_messages.RequestAccess():
                waiting.request_access(message.name)
            case messages.Ping():
                self._outgoing.put(messages.Pong(id=message.id))
            case messages.Leave():
                raise WebSocketDisconnect(CloseCode.NORMAL)
            case _:
                raise MessageError("who waits may say request-access, ping and leave")

    def _extend(self, seconds: float | None) -> None:
        """What comes before the session has so long from now; None: as long as it takes."""
        assert self._limit is not None
        now = asyncio.get_running_loop().time()
        self._limit.reschedule(None if seconds is None else now + seconds)

    def _resume(self, resume: messages.Resume) -> None:
        session = self._sfu.resume(resume.session_id, resume.resume_key, self)
        self._takes_batches = session.batches
        self._session = session
        self._outgoing.start(messages.Resumed(session_id=session.id, **translate.scene(session)))
