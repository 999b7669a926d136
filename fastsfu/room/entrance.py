"""When a room can be entered: its times and seats, and whether it has ended."""

import asyncio
import time
from collections.abc import Callable

from fastsfu.errors import JoinError
from fastsfu.room.options import RoomOptions


class Entrance:
    """One room's. Attribute: `closed`, the reason why nobody gets in any more, or None."""

    def __init__(self, options: RoomOptions, on_end: Callable[[], None]) -> None:
        """`on_end` is called when the room's time is over."""
        self.closed: str | None = None
        self._options = options
        self._on_end = on_end
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def watched(self) -> bool:
        """The clock is looked at, and nothing has ended it yet."""
        return self._loop is not None and self.closed is None

    def open(self) -> None:
        """Begin to watch the clock; called in the event loop. Idempotent."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._set_timer()

    def update(self, options: RoomOptions) -> None:
        """The options are others now."""
        self._options = options
        if self.watched:
            self._set_timer()

    def close(self, reason: str) -> None:
        """Let nobody in any more; the first reason stays."""
        self.closed = self.closed or reason
        if self._timer is not None:
            self._timer.cancel()

    def check(self, taken: int, expected: bool = False) -> None:
        """Raise JoinError unless one more may come in now, where so many seats are taken.

        `expected`: an owner, somebody who was in, or who was let in. A locked room, and one at
        which one has to knock, opens for nobody else.
        """
        now, options = time.time(), self._options
        if self.closed == "end-of-life":
            raise JoinError("end-of-life", "The server stops.")
        if self.closed is not None or (options.ends_at is not None and now >= options.ends_at):
            raise JoinError("exp-room", "The room has ended.")
        if options.starts_at is not None and now < options.starts_at:
            raise JoinError("nbf-room", "The room has not started yet.")
        if options.locked and not expected:
            raise JoinError("not-allowed", "The room is locked.")
        if options.enable_knocking and not expected:
            raise JoinError("not-allowed", "A host of the room has to let you in.")
        if taken >= options.seats:
            raise JoinError("meeting-full", f"The room takes {options.seats} participants.")

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._loop is not None and self._options.ends_at is not None:
            seconds = self._options.ends_at - time.time()
            self._timer = self._loop.call_at(self._loop.time() + seconds, self._on_end)
