"""How much somebody may do in a time: so much at once, so much on average. No clock of its own."""

from dataclasses import dataclass


@dataclass(slots=True)
class Allowance:
    """`burst` at once and `per_second` in the long run. Times in seconds, any epoch."""

    per_second: float
    burst: float
    _used: float = 0.0
    _last: float = 0.0

    def take(self, now: float, amount: float = 1.0) -> float:
        """Count what is done at `now`, which must not go back.

        Returns for how many seconds to wait until more may be done; 0 while there is enough left.
        """
        self._used = max(0.0, self._used - (now - self._last) * self.per_second) + amount
        self._last = now
        return max(0.0, (self._used - self.burst) / self.per_second)
