"""Any life of a forwarded stream: no out index for two source packets, none below the start."""

from collections.abc import Hashable

from fastsfu._native.media.numbering import Skip
from tests.fuzz.harness import fuzz
from tests.native.faces.rewrite import Rewrite

# A step is 3 bytes: what (0..199 map, ..251 skip, then stop, start same, start other), distance
# (16 bits)
CORPUS = [
    bytes([0, 0, 1] * 20),
    bytes([253, 0, 9, 0, 0, 1, 0, 255, 255, 252, 0, 0, 253, 0, 60, 0, 0, 1, 0, 255, 250]),
    bytes([253, 0, 9, 0, 0, 0, 201, 0, 1, 0, 0, 2, 0, 255, 255, 202, 0, 3, 0, 0, 5]),
    bytes([253, 0, 9, 0, 0, 3, 254, 200, 0, 0, 0, 2, 254, 0, 1, 0, 127, 255, 0, 127, 255]),
]


def test_rewrite() -> None:
    fuzz("rewrite", lambda data: Life().lead(data), CORPUS, largest=600)


class Life:
    def __init__(self) -> None:
        self.rewrite = Rewrite(9, 7)
        self.given: dict[int, object] = {}  # what went out under an index
        self.skipped: set[tuple[int, int]] = set()
        self.source, self.newest = 1, 1 << 20
        self.outcomes: set[Hashable] = set()

    def lead(self, data: bytes) -> Hashable:
        for at in range(0, len(data) - 2, 3):
            what = data[at]
            number = self.newest + int.from_bytes(data[at + 1 : at + 3], "big", signed=True)
            if what < 200:
                self.packet(number, at)
            elif what < 252:
                self.skip(number)
            elif what == 252:
                self.rewrite.stop()
            else:
                self.start(number, at, same=what == 253)
        return frozenset(self.outcomes), min(len(self.given), 8)

    def start(self, number: int, now: int, *, same: bool) -> None:
        if not same:
            self.source, self.newest = self.source + 1, number
        self.rewrite.start(number, number & 0xFFFF, same_source=same, now_us=now)

    def packet(self, number: int, now: int) -> None:
        if (self.source, number) in self.skipped:
            return  # a source packet comes once
        mapped = self.rewrite.map(number, number, now)
        self.outcomes.add((self.source > 1, mapped is None))
        if mapped is None:
            return
        self.newest = max(self.newest, number)
        packet = (self.source, number, mapped[1])
        assert self.given.setdefault(mapped[0], packet) == packet
        assert mapped[0] >= 9
        assert self.rewrite.find(mapped[0] & 0xFFFF) in (None, (number, mapped[0]))

    def skip(self, number: int) -> None:
        skip, hole = self.rewrite.skip(number)
        self.outcomes.add((skip, hole is None))
        if skip == Skip.SKIP_UNKNOWN:
            return
        self.newest = max(self.newest, number)
        self.skipped.add((self.source, number))
        if hole is not None:
            self.given.setdefault(hole, "nothing")
