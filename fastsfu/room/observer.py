"""Observers are told what happens in rooms, and have no say in it.

    class Tell:
        def noticed(self, notice):
            if isinstance(notice, Joined):
                print(notice.participant.name, "is in", notice.room)

    fastsfu.SFU(config, observers=[Tell()])

Each is told all notices in their order, at once as long as it keeps up. While a coroutine of it
runs, its notices wait; beyond MAX_WAITING they are dropped and counted. What it raises goes to the
event loop's handler. So neither a fault nor slowness costs the calls or another observer anything;
only a plain function that blocks would hold up the event loop, as anything in it does. Where its
end is not reached in GRACE seconds when the SFU closes, it hears no more.
"""

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Iterable
from typing import Protocol

from fastsfu import hooks
from fastsfu.room.notices import Notice

MAX_WAITING = 10_000  # notices of one observer
GRACE = 5.0  # seconds that a slow one has when the SFU ends


class Observer(Protocol):
    """Who is told."""

    def noticed(self, notice: Notice, /) -> Awaitable[None] | None:
        """Something has happened. Called in the event loop's thread; may be a coroutine."""


class Observers:
    """All of an SFU's."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._lanes = [_Lane(each) for each in observers]

    def tell(self, notice: Notice) -> None:
        """Never raises, never waits. Called within a running event loop."""
        for lane in self._lanes:
            lane.tell(notice)

    @property
    def dropped(self) -> int:
        """Notices that observers were too slow for."""
        return sum(lane.dropped for lane in self._lanes)

    async def close(self) -> None:
        """Wait until each has heard all that there was; after GRACE seconds it hears no more."""
        running = [lane.running for lane in self._lanes if lane.running is not None]
        if running:
            _, unfinished = await asyncio.wait(running, timeout=GRACE)
            for each in unfinished:
                each.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)


class _Lane:
    """One observer, and what waits for it."""

    def __init__(self, observer: Observer) -> None:
        self.running: asyncio.Task[None] | None = None
        self.dropped = 0
        self._observer = observer
        self._waiting: deque[Notice] = deque()

    def tell(self, notice: Notice) -> None:
        if self.running is None:
            unfinished = self._call(notice)
            if unfinished is not None:
                self.running = asyncio.ensure_future(self._follow(unfinished))
        elif len(self._waiting) < MAX_WAITING:
            self._waiting.append(notice)
        else:
            self.dropped += 1
            hooks.warn(self._observer.noticed, "is too slow: it misses notices")

    def _call(self, notice: Notice) -> Awaitable[None] | None:
        try:
            result = hooks.call(self._observer.noticed, notice)
        except Exception as error:
            self._fault(error)
            return None
        return result if inspect.isawaitable(result) else None

    async def _follow(self, unfinished: Awaitable[None] | None) -> None:
        """Finish what has begun, and go on with what came meanwhile."""
        try:
            await self._finish(unfinished)
            while self._waiting:
                await self._finish(self._call(self._waiting.popleft()))
        finally:
            self.running = None

    async def _finish(self, unfinished: Awaitable[None] | None) -> None:
        try:
            if unfinished is not None:
                await hooks.finish(self._observer.noticed, unfinished)
        except Exception as error:
            self._fault(error)

    def _fault(self, error: Exception) -> None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"the observer {self._observer!r} failed", "exception": error}
        )
