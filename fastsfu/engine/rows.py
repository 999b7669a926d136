"""What the engines have counted at one moment, by handle (`StreamStats` of _native/media/stats)."""

from collections import Counter
from typing import Any, Final

import numpy.typing as npt

from fastsfu.engine.counted import Counted

INBOUND: Final = 0
OUTBOUND: Final = 1
TRANSPORT: Final = 2
REPLICA: Final = 3
ANY: Final = 255  # of an outbound stream's `fits` and `fits_temporal`: whatever there is

Row = Any  # numpy.void of the snapshot's dtype
NO_ROW: Final[Row] = Counter[str]()  # of a stream that the worker does not have yet


class Rows:
    """Each engine's snapshot, taken when the first row of it is asked for."""

    def __init__(self) -> None:
        self._of: dict[Counted, npt.NDArray[Any]] = {}

    def find(self, engine: Counted, kind: int, handle: int | None) -> Row | None:
        """A row of that kind; None: there is none (yet, or any more)."""
        if engine not in self._of:
            self._of[engine] = engine.snapshot()
        rows = self._of[engine]
        found = rows[(rows["row"] == kind) & (rows["handle"] == (handle or 0))]
        return found[0] if handle and len(found) else None

    def origin(self, engine: Counted, source: int) -> int:
        """The handle, at its own engine, of the inbound stream that `source` is or repeats."""
        replica = self.find(engine, REPLICA, source)
        return source if replica is None else int(replica["source"])
