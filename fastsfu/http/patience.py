"""How long a task waits for the same thing again and again, as for a client's next message.

asyncio.timeout makes and cancels a timer for each wait, which takes longer than reading a small
message. Here one timer runs on from wait to wait, and looks how long the present one has lasted.
"""

import asyncio
from types import TracebackType


class Patience:
    """`with patience:` around a wait, in which TimeoutError is raised after `seconds`.

    It is of the task that makes it, which waits for one thing after the other. `close` it in the
    end: its timer holds it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._timer: asyncio.TimerHandle | None = None
        self._began: float | None = None  # the wait; None between two
        self._cancelling = 0  # requests to cancel the task from before the wait
        self._is_over = False

    def __enter__(self) -> None:
        self._began, self._is_over = self._loop.time(), False
        self._cancelling = self._task.cancelling()
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._began = None
        # As asyncio.timeout has it: somebody else may have cancelled the task as well.
        ours = self._is_over and self._task.uncancel() <= self._cancelling
        if ours and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._began is None:  # the next wait starts it again
            return
        left = self._began + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._is_over = True
            self._task.cancel()
