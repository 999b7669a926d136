"""What became of all clients of a server, counted; metrics show it."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

CONNECTING = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds
LASTING = (10.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0)


class Distribution:
    """How many values there were up to each bound, and what all of them add up to."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)  # the last: of what is greater than all bounds
        self.sum = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class Outcomes:
    """Those of one server.

    Attributes: `joined`; `refused` by the error that was answered; `failed` by the stage in which
    media stopped on its way; `left` by reason; `connecting` (seconds from joining until media can
    flow), `first_media` (until it comes from the client), `first_frame` (until one of a camera that
    was on is on its way to the client) and `lasting` (until it has left).
    """

    def __init__(self) -> None:
        self.joined = 0
        self.refused: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.connecting = Distribution(CONNECTING)
        self.first_media = Distribution(CONNECTING)
        self.first_frame = Distribution(CONNECTING)
        self.lasting = Distribution(LASTING)
