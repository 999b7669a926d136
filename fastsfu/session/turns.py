"""One offer of a session after the other, with a bounded share of the event loop's time."""

import asyncio
from time import thread_time
from types import TracebackType

from fastsfu.allowance import Allowance

CPU_PER_SECOND = 0.05  # seconds
CPU_AT_ONCE = 0.5


class Turns:
    """`async with` for each offer: it waits while those before it took too much CPU."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._cpu = Allowance(CPU_PER_SECOND, CPU_AT_ONCE)
        self._began = 0.0

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        try:
            await asyncio.sleep(self._cpu.take(asyncio.get_running_loop().time(), 0))
        except BaseException:
            self._lock.release()
            raise
        self._began = thread_time()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._charge()
        self._lock.release()

    async def rest(self, seconds: float = 0.0) -> None:
        """Let others go on for so long, within a turn."""
        self._charge()
        await asyncio.sleep(seconds)
        self._began = thread_time()

    def _charge(self) -> None:
        self._cpu.take(asyncio.get_running_loop().time(), thread_time() - self._began)
