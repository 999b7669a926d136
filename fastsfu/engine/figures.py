"""What the media workers of a server have counted, all of them together."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastsfu.engine.media import MediaEngine
from fastsfu.engine.workers import Workers


class Figures:
    """A server's; the SFU is one. Counters are there while it is entered, else RuntimeError."""

    _workers: Workers | None

    @property
    def engines(self) -> tuple[MediaEngine, ...]:
        """The media engines, one for each worker: their ports, fingerprints and crypto."""
        return () if self._workers is None else self._workers.engines

    def loads(self) -> list[float]:
        """Of each worker, as a share of a core over the last second."""
        return [] if self._workers is None else self._workers.loads()

    def snapshot(self) -> npt.NDArray[Any]:
        """Counters: structured array, one row for each live RTP stream and each transport."""
        return np.concatenate([engine.snapshot() for engine in self._running().engines])

    def ended_streams(self) -> npt.NDArray[Any]:
        """Sums over the RTP streams that have ended: a row for each worker, direction and kind."""
        return np.concatenate([engine.ended() for engine in self._running().engines])

    def counters(self) -> dict[str, int]:
        """Totals of the media workers: messages, packets, drops by reason, marks of the pools."""
        totals: dict[str, int] = {}
        for engine in self._running().engines:
            for name, value in engine.counters().items():
                totals[name] = totals.get(name, 0) + value
        return totals

    def _running(self) -> Workers:
        if self._workers is None:
            raise RuntimeError("the SFU has not been entered")
        return self._workers
