"""What a native engine has counted."""

from typing import Any

import numpy.typing as npt

from fastsfu._native.engine.engine import Engine


class Counted:
    """A native engine's asyncio face, as far as it tells what was; the MediaEngine is one."""

    lost: bool  # its worker does nothing any more
    _native: Engine

    @property
    def busy_us(self) -> int:
        """Microseconds in which the worker did not wait, so far."""
        return self._native.busy_us()

    def snapshot(self) -> npt.NDArray[Any]:
        """Counters: structured array, one row for each live RTP stream and each transport."""
        return self._native.snapshot()

    def ended(self) -> npt.NDArray[Any]:
        """Sums over the RTP streams that have ended: a row for each direction and kind."""
        return self._native.ended()

    def bytes_of(self, stream: int) -> int:
        """Payload bytes that came in, or went out, in a stream that lives; repeats not counted."""
        return self._native.bytes_of(stream)

    def counters(self) -> dict[str, int]:
        """Totals of the worker: messages, packets, drops by reason, marks of the pools."""
        return {**self._native.counters(), "alive": int(not self.lost)}
