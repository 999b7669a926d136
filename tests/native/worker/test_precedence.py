"""worker/precedence: a worker goes first while it needs less than half of its core."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.precedence import LEAST, MOST, WINDOW_US, Precedence

TURN_US = 1000


class Worker:
    """Turns of a worker that is alone on its core: it never waits for it."""

    def __init__(self) -> None:
        self.precedence = Precedence(0, 0)
        self.now_us = self.cpu_us = 0
        self.changes: list[int] = []  # when

    def run(self, percent: int, *, windows: int = 1) -> bool:
        """Whether it goes first afterwards."""
        for _ in range(windows * WINDOW_US // TURN_US):
            self.now_us += TURN_US
            self.turn(TURN_US * percent // 100)
        return bool(self.precedence.goes_first)

    def turn(self, busy_us: int) -> None:
        self.cpu_us += busy_us
        ended = self.precedence.on_turn(busy_us, self.now_us)
        if ended and self.precedence.settle(self.cpu_us, self.now_us):
            self.changes.append(self.now_us)


@pytest.mark.parametrize(
    ("percent", "first"), [(0, True), (LEAST - 1, True), (LEAST, False), (100, False)]
)
def test_it_goes_first_after_a_window_of_little_to_do(percent: int, first: bool) -> None:
    worker = Worker()
    assert not worker.precedence.goes_first, "at first nothing is known"
    assert worker.run(percent) is first


@pytest.mark.parametrize(("percent", "first"), [(LEAST, True), (MOST - 1, True), (MOST, False)])
def test_it_stays_so_up_to_half_of_the_core(percent: int, first: bool) -> None:
    worker = Worker()
    worker.run(1)
    assert worker.run(percent, windows=3) is first


def test_a_flood_ends_it_before_its_window_is_over() -> None:
    worker = Worker()
    worker.run(1)
    worker.run(100)
    assert worker.changes == [WINDOW_US, WINDOW_US + WINDOW_US * MOST // 100]


def test_having_to_wait_for_the_core_is_no_load_of_its_own() -> None:
    """Who shares a core is busy for longer than it runs."""
    precedence = Precedence(0, 0)
    assert precedence.on_turn(WINDOW_US, WINDOW_US)
    assert precedence.settle(WINDOW_US * (LEAST - 1) // 100, WINDOW_US)
    assert precedence.goes_first


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 40_000)), max_size=80))
def test_it_never_takes_more_first_than_half_a_window_and_a_turn(
    turns: list[tuple[int, int]],
) -> None:
    """Whatever the load: what it takes at a time while it goes first is bounded."""
    worker = Worker()
    taken_us, window = 0, worker.now_us
    for percent, took_us in turns:
        worker.now_us += took_us
        busy_us = took_us * percent // 100
        first = worker.precedence.goes_first
        taken_us = taken_us + busy_us if first else 0
        worker.turn(busy_us)
        assert taken_us < WINDOW_US * MOST // 100 + busy_us or not worker.precedence.goes_first
        if worker.now_us - window >= WINDOW_US:
            window, taken_us = worker.now_us, 0
