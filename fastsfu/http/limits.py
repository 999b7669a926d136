"""How much one client may say in a time."""

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """At most `burst` at once and `per_second` in the long run. Times in seconds, any epoch."""

    per_second: float
    burst: float
    _level: float = 0.0
    _last: float = 0.0

    def take(self, now: float) -> bool:
        """Whether one more is allowed at `now`, which must not go back."""
        self._level = max(0.0, self._level - (now - self._last) * self.per_second)
        self._last = now
        if self._level + 1 > self.burst:
            return False
        self._level += 1
        return True
