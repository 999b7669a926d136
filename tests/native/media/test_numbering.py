"""media/numbering under media/rewrite: no gap for what is skipped, no number twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu._native.media.numbering import Skip
from tests.native.faces.rewrite import KEPT, Rewrite

DONE, HOLE, UNKNOWN = (
    (Skip.SKIP_DONE, None),
    Skip.SKIP_HOLE,
    (Skip.SKIP_UNKNOWN, None),
)


def started(source: int = 5000, first_seq: int = 100, keep: bool = True) -> Rewrite:
    rewrite = Rewrite(first_seq, 0, keep)
    rewrite.start(source, 0)
    return rewrite


def index(rewrite: Rewrite, source: int) -> int | None:
    mapped = rewrite.map(source, 0)
    return mapped and mapped[0]


def test_the_next_ones_close_up() -> None:
    rewrite = started()
    assert index(rewrite, 5000) == 100
    assert rewrite.skip(5001) == DONE
    assert rewrite.skip(5002) == DONE
    assert index(rewrite, 5003) == 101
    assert rewrite.skip(5004) == DONE
    assert index(rewrite, 5005) == 102


def test_what_was_skipped_has_no_number() -> None:
    rewrite = started()
    index(rewrite, 5000)
    rewrite.skip(5001)
    index(rewrite, 5002)
    assert index(rewrite, 5001) is None
    assert rewrite.find(101) == (5002, 101)


def test_what_was_lost_keeps_its_number_behind_skips() -> None:
    rewrite = started()
    index(rewrite, 5000)
    assert rewrite.skip(5003) == DONE  # 5001 and 5002 are missing
    assert index(rewrite, 5004) == 103
    assert index(rewrite, 5002) == 102
    assert index(rewrite, 5001) == 101
    assert rewrite.find(102) == (5002, 102)


def test_a_late_one_to_be_skipped_is_a_hole() -> None:
    rewrite = started()
    index(rewrite, 5000)
    index(rewrite, 5002)
    assert rewrite.skip(5001) == (HOLE, 101)


def test_skipped_before_the_first_packet() -> None:
    rewrite = started()
    assert rewrite.skip(5000) == DONE
    assert index(rewrite, 5001) == 100
    assert index(rewrite, 5000) is None


def test_nothing_is_skipped_while_stopped_or_before_the_start() -> None:
    rewrite = started()
    assert rewrite.skip(4999) == UNKNOWN
    rewrite.stop()
    assert rewrite.skip(5001) == UNKNOWN


def test_a_start_goes_beyond_what_came_late() -> None:
    rewrite = started()
    rewrite.skip(5001)
    assert index(rewrite, 5000) == 100
    rewrite.start(6000, 0)
    assert index(rewrite, 6000) == 101


def test_a_start_forgets_the_stretches_before_it() -> None:
    rewrite = started()
    index(rewrite, 5000)
    rewrite.skip(5001)
    index(rewrite, 5002)
    rewrite.start(6000, 0)
    assert index(rewrite, 6000) == 102
    assert rewrite.find(101) is None
    assert index(rewrite, 5000) is None


def test_without_room_for_stretches_late_ones_are_dropped() -> None:
    rewrite = started(keep=False)
    index(rewrite, 5000)
    rewrite.skip(5002)
    assert index(rewrite, 5003) == 102
    assert index(rewrite, 5001) is None
    assert rewrite.find(100) is None


@pytest.mark.parametrize(("skips", "known"), [(KEPT, True), (KEPT + 1, False)])
def test_the_last_stretches_are_kept(skips: int, known: bool) -> None:
    rewrite = started()
    for n in range(skips):
        index(rewrite, 5000 + 2 * n)
        rewrite.skip(5001 + 2 * n)
    index(rewrite, 5000 + 2 * skips)
    assert (index(rewrite, 5000) == 100) is known
    assert (rewrite.find(100) == (5000, 100)) is known
    assert index(rewrite, 5002) == 101


class Slow:
    """All numbers ever given, in a dictionary."""

    def __init__(self, first: int) -> None:
        self.next, self.newest, self.stretch = first, -1, 0
        self.given: dict[int, tuple[int, int]] = {}  # source: (out, stretch)
        self.empty = True

    def start(self, source: int) -> None:
        sent = [out for out, _ in self.given.values() if out < self.next]
        self.next = max(sent, default=self.next - 1) + 1 if self.given else self.next
        self.given, self.newest, self.stretch, self.empty = {}, source - 1, 0, True

    def reserve(self, below: int) -> None:
        """What is missing before `below` gets its number now."""
        for source in range(self.newest + 1, below):
            self.given[source] = (self.next, self.stretch)
            self.next += 1
            self.empty = False
        self.newest = max(self.newest, below - 1)

    def map(self, source: int) -> int | None:
        self.reserve(source + 1)
        out, stretch = self.given.get(source, (None, 0))
        return out if self.stretch - stretch <= KEPT else None

    def skip(self, source: int) -> tuple[Skip, int | None]:
        if source <= self.newest:
            out = self.map(source)
            return (HOLE, out) if out is not None else UNKNOWN
        self.reserve(source)
        self.stretch += not self.empty
        self.newest, self.empty = source, True
        return DONE


steps = st.tuples(st.sampled_from(["map", "map", "skip"]), st.integers(-30, 5))


@given(st.lists(steps, max_size=150))
def test_as_the_slow_reading(life: list[tuple[str, int]]) -> None:
    rewrite, slow, highest = started(first_seq=9), Slow(9), 4999
    slow.start(5000)
    for step, distance in life:
        source = max(highest + distance, 5000)
        highest = max(highest, source)
        if step == "map":
            assert index(rewrite, source) == slow.map(source)
        else:
            assert rewrite.skip(source) == slow.skip(source)
    for source, (out, stretch) in slow.given.items():
        if slow.stretch - stretch <= KEPT and index(rewrite, source) is not None:
            assert rewrite.find(out & 0xFFFF) == (source, out)
