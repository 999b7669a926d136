"""When each session of a room is asked for another offer: paced, and several reasons at once.

What one participant publishes makes every other one offer again, so this is where one could keep
all of them and the server busy.
"""

import asyncio
import math
from collections.abc import Callable
from typing import Protocol

from fastsfu.allowance import Allowance

SPACING = 0.25  # seconds between two requests to one session
GATHER = 0.15  # seconds that a request waits for further reasons while the room is busy
BUSY_PER_SECOND = 40.0  # requests of a room, from which it is busy
BUSY_AT_ONCE = 40.0
ASKED_AT_ONCE = 32  # sessions in one turn of the event loop, some 10 ms


class Asked(Protocol):
    """What it needs of a session."""

    def ask(self) -> bool:
        """Ask the client for another offer, if it is still worth one; whether it was asked."""


class SectionRequests:
    """One room's. The first reason is followed in the next turn of the event loop, unless the
    session was asked just now or the room is busy.
    """

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        """`before` is called before sessions are asked: what they are told then may be about who
        has only just come.
        """
        self._before = before
        self._due: dict[Asked, float] = {}
        self._asked: dict[Asked, float] = {}  # when each was last
        self._allowance = Allowance(BUSY_PER_SECOND, BUSY_AT_ONCE)
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = math.inf  # handles of uvloop do not always know

    def add(self, session: Asked) -> None:
        """There is a reason to ask it."""
        if session in self._due:
            return
        now = asyncio.get_running_loop().time()
        due = max(now, self._asked.get(session, -math.inf) + SPACING)
        if self._allowance.take(now, 0) > 0:
            due = max(due, now + GATHER)
        self._due[session] = due
        self._wake_at(due)

    def forget(self, session: Asked) -> None:
        """It has left."""
        self._due.pop(session, None)
        self._asked.pop(session, None)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _wake_at(self, due: float) -> None:
        if due >= self._wakes_at:
            return
        self.close()
        self._wakes_at = due
        self._timer = asyncio.get_running_loop().call_at(due, self._run)

    def _run(self) -> None:
        self._timer, self._wakes_at = None, math.inf
        now = asyncio.get_running_loop().time()
        self._before()
        ready = [each for each, due in self._due.items() if due <= now]
        for session in ready[:ASKED_AT_ONCE]:  # the others in the next turn of the loop
            del self._due[session]
            if session.ask():
                self._asked[session] = now
                self._allowance.take(now)
        if self._due:
            self._wake_at(min(self._due.values()))
