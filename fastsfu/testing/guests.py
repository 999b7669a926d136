"""Participants within the process of a test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from fastsfu.events import Event
from fastsfu.session.session import Session
from fastsfu.sfu import SFU

SECONDS = 5.0  # that a test waits for an event

T = TypeVar("T")


class Guest:
    """Somebody in a call, who is told what a client would be. No media.

    Attributes: `session`, and `events`, all that it has been told, in order.
    """

    session: Session

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._seen = 0  # of them, by `expect`
        self._news = asyncio.Event()

    def send(self, event: Event) -> None:
        """The server tells it something (it is the session's Signaler)."""
        self.events.append(event)
        self._news.set()

    def of(self, kind: type[T]) -> list[T]:
        """What it has been told of this kind."""
        return [each for each in self.events if isinstance(each, kind)]

    async def expect(self, kind: type[T]) -> T:
        """The next event of this kind after the one that was expected last; waits SECONDS for it,
        then raises AssertionError, which says what came instead.
        """
        try:
            async with asyncio.timeout(SECONDS):
                return await self._next(kind)
        except TimeoutError:
            came = ", ".join(type(each).__name__ for each in self.events) or "nothing"
            raise AssertionError(f"no {kind.__name__} came, but: {came}") from None

    async def _next(self, kind: type[T]) -> T:
        while True:
            while self._seen < len(self.events):
                event = self.events[self._seen]
                self._seen += 1
                if isinstance(event, kind):
                    return event
            self._news.clear()
            await self._news.wait()


@asynccontextmanager
async def guest(sfu: SFU, room: str, name: str = "", **arrival: Any) -> AsyncIterator[Guest]:
    """Somebody in that room until the block ends; `arrival` as for `SFU.open_session`.

    Without a token and a grant they have a participant's rights in that room, nothing more.
    Raises what `open_session` does: JoinError, TokenError.
    """
    found = Guest()
    if "grant" not in arrival and arrival.get("token") is None:
        arrival["token"] = sfu.token(room)
    found.session = await sfu.open_session(room, name=name, signaler=found, **arrival)
    try:
        yield found
    finally:
        found.session.leave()
