"""worker/precedence: a worker goes first for most of the time, however much it has to do."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.precedence import MOST, WINDOW_US, Precedence

TURN_US = 1000


class Worker:
    """Turns of a worker that is alone on its core while it goes first."""

    def __init__(self) -> None:
        self.precedence = Precedence(0, 0)
        self.now_us = self.cpu_us = 0
        self.changes: list[int] = []  # when
        self.first_us = 0  # CPU that it took while it went first

    def run(self, percent: int, *, windows: int = 1) -> bool:
        """Whether it goes first afterwards."""
        for _ in range(windows * WINDOW_US // TURN_US):
            busy_us = TURN_US * percent // 100
            self.now_us += TURN_US - busy_us
            self.turn(busy_us)
        return bool(self.precedence.goes_first)

    def turn(self, busy_us: int, *, waiting_us: int = 0) -> None:
        """Of so much CPU, after which it had to wait for its core."""
        self.precedence.wakes(self.now_us)
        first = self.precedence.goes_first
        self.now_us += busy_us + waiting_us
        self.cpu_us += busy_us
        self.first_us += busy_us if first else 0
        if self.precedence.runs(self.now_us) and self.precedence.settle(self.cpu_us, self.now_us):
            self.changes.append(self.now_us)


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_it_goes_first_after_a_window(percent: int) -> None:
    """Also who has much to do: a worker that is late with its packets needs it the most."""
    worker = Worker()
    assert not worker.precedence.goes_first
    assert worker.run(percent)


@pytest.mark.parametrize("percent", [1, 50, MOST - 1])
def test_it_stays_so_while_something_is_left_for_others(percent: int) -> None:
    worker = Worker()
    worker.run(percent, windows=10)
    assert len(worker.changes) == 1


def test_with_all_of_a_core_to_do_it_shares_the_rest_of_each_window() -> None:
    worker = Worker()
    worker.run(100, windows=6)
    used_us = WINDOW_US * MOST // 100
    spans = [to - since for since, to in pairwise(worker.changes)]
    first, shared = spans[::2], spans[1::2]
    assert len(shared) >= 4
    assert all(used_us <= us <= used_us + TURN_US for us in first)
    assert all(0 <= us - (WINDOW_US - used_us) <= 2 * TURN_US for us in shared)


def test_a_long_turn_is_made_good_afterwards() -> None:
    """Who has taken ten windows at once shares as long as if they had been ten."""
    worker = Worker()
    worker.run(1)
    long_us = 10 * WINDOW_US
    worker.turn(long_us)
    assert not worker.precedence.goes_first
    ended_us = worker.now_us
    while not worker.precedence.goes_first:
        worker.now_us += TURN_US
        worker.turn(0)
    share_us = long_us * (100 - MOST) // MOST
    assert 0 <= worker.now_us - ended_us - share_us <= TURN_US


def test_having_to_wait_for_the_core_is_no_load_of_its_own() -> None:
    """Another worker may go first on the same core."""
    worker = Worker()
    worker.run(1)
    worker.turn(TURN_US, waiting_us=WINDOW_US)
    assert worker.precedence.goes_first


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 40_000)), max_size=80))
def test_something_is_left_for_others_whatever_the_load(turns: list[tuple[int, int]]) -> None:
    """Who goes first never takes more than a window's part, one of the next, and a turn."""
    worker = Worker()
    before_us, longest_us = 0, 0
    for percent, took_us in turns:
        busy_us = took_us * percent // 100
        longest_us = max(longest_us, busy_us)
        worker.now_us += took_us - busy_us
        worker.turn(busy_us)
        if not worker.precedence.goes_first:
            before_us = worker.first_us
        elapsed_us = worker.now_us
        at_a_time_us = WINDOW_US * MOST // 100 + longest_us
        assert worker.first_us <= elapsed_us * MOST // 100 + 2 * at_a_time_us
        if elapsed_us <= WINDOW_US:
            assert worker.first_us == before_us
