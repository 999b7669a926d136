"""What a session has to do, or to be done with, by a certain time: one timer for each purpose."""

import asyncio
import time
from collections.abc import Callable
from typing import Any


class Deadlines:
    """Made in the event loop. A purpose that is set again starts anew."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def set(self, purpose: str, seconds: float, act: Callable[..., object], *args: Any) -> None:
        """Call `act` with `args` when so many seconds have passed."""
        self.clear(purpose)
        self._timers[purpose] = self._loop.call_later(seconds, act, *args)

    def set_at(
        self, purpose: str, at: float | None, act: Callable[..., object], *args: Any
    ) -> None:
        """The same at a time in seconds since 1970; None: never."""
        self.clear(purpose)
        if at is not None:
            self.set(purpose, at - time.time(), act, *args)

    def clear(self, purpose: str) -> None:
        """It was met, or does not matter any more."""
        if timer := self._timers.pop(purpose, None):
            timer.cancel()

    def clear_all(self) -> None:
        for purpose in list(self._timers):
            self.clear(purpose)
