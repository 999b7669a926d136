"""Sessions: how their media is doing, and why it is so; once, or again and again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fastsfu.http.answers import HttpError
from fastsfu.http.api.participants import TheSession
from fastsfu.http.api.route import Api, Sfu, router
from fastsfu.session.session import Session
from fastsfu.session.stats import SessionStats

LOOK_SECONDS = 1.0  # between two looks, of which rates are made
MOST_STREAMS = 16
EVENTS = "text/event-stream"
STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"with `Accept: {EVENTS}`, one such value a second until the session ends",
        "content": {EVENTS: {"schema": {"type": "string"}}},
    }
}

sessions = router("sessions")


async def _live(sfu: Sfu, session_id: str) -> Session:
    found = sfu.sessions.get(session_id)
    if found is None:
        raise _gone()
    return found


@sessions.get("/sessions/{session_id}", response_model=SessionStats, responses=STREAMED)
async def get_session(
    request: Request, session: Annotated[Session, Depends(_live)]
) -> SessionStats | Response:
    """How a session's media is doing, and why; it takes a second, for the rates."""
    return await _answer(request, session)


@sessions.get(
    "/rooms/{room}/participants/{session_id}/why", response_model=SessionStats, responses=STREAMED
)
async def get_why(request: Request, session: TheSession) -> SessionStats | Response:
    """The same, at the participant."""
    return await _answer(request, session)


async def _answer(request: Request, session: Session) -> SessionStats | Response:
    if EVENTS in request.headers.get("accept", ""):
        api: Api = request.app.state.api
        return _Stream(api.streams, session)
    async for stats in _looks(session):
        return stats
    raise _gone()


async def _looks(session: Session) -> AsyncIterator[SessionStats]:
    """One a second from the next second on, until the session ends."""
    before = session.stats()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if session.ended is not None:
            return
        before = session.stats(before)
        yield before


class _Stream(StreamingResponse):
    """Server-sent events: one of MOST_STREAMS from its first byte to its last."""

    def __init__(self, streams: set[object], session: Session) -> None:
        super().__init__(_events(session), media_type=EVENTS)
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if len(self._streams) >= MOST_STREAMS:
            raise HttpError(503, "no-capacity", f"{MOST_STREAMS} are watching sessions already")
        self._streams.add(self)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.discard(self)


async def _events(session: Session) -> AsyncIterator[str]:
    async for stats in _looks(session):
        yield f"data: {stats.model_dump_json()}\n\n"


def _gone() -> HttpError:
    return HttpError(404, "no-session", "there is no such session, or it has ended")
