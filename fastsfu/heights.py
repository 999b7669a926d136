"""How large a picture with layers its receivers want, so that its sender can leave out the largest
layers while nobody does.
"""

import asyncio
from collections.abc import Callable, Hashable

LESS_AFTER = 3.0  # seconds for which less is wanted until that is told: a picture that changes its
# size costs a keyframe, and tiles come and go
LEAST_HEIGHT = 180  # lines that are wanted while nobody watches, as the first picture for who comes


class Heights:
    """What all receivers of one publication want.

    Attribute: `told`, the lines that `on_change` was called for last; None: as many as there are.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        """`on_change` is called at once when more is wanted, and when less is for LESS_AFTER."""
        self.told: int | None = None
        self._on_change = on_change
        self._wanted: dict[Hashable, int | None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def want(self, receiver: Hashable, lines: int | None) -> None:
        """This receiver wants no more lines; None: as many as there are."""
        self._wanted[receiver] = lines
        self._look()

    def drop(self, receiver: Hashable) -> None:
        """It wants none of it. Idempotent."""
        if receiver in self._wanted:
            del self._wanted[receiver]
            self._look()

    def close(self) -> None:
        """Nothing is told any more."""
        self._wanted.clear()
        self._clear()
        self._on_change = lambda: None  # it is the publication's, which would be kept by it

    @property
    def _most(self) -> int | None:
        largest = 0
        for lines in self._wanted.values():
            if lines is None:
                return None
            largest = max(largest, lines)
        return largest or LEAST_HEIGHT

    def _look(self) -> None:
        most = self._most
        if most == self.told:
            self._clear()
        elif self.told is not None and (most is None or most > self.told):
            self._tell()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LESS_AFTER, self._tell)

    def _tell(self) -> None:
        self._clear()
        self.told = self._most
        self._on_change()

    def _clear(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
