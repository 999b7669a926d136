"""worker/batching: how far turns are apart, by the load of the window before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.batching import BUSY, IDLE, WINDOW_US, Batching

MOST_US = 2500
TURN_US = 1000


def loaded(percent: int, *, windows: int = 2, most_us: int = MOST_US) -> Batching:
    """After turns of which each was busy for that share of its time."""
    batching, now_us = Batching(most_us, 0), 0
    for _ in range(windows * WINDOW_US // TURN_US):
        now_us += TURN_US
        batching.on_turn(TURN_US * percent // 100, now_us)
    return batching


@pytest.mark.parametrize(
    ("percent", "apart_us"),
    [(0, 0), (IDLE, 0), (IDLE + 1, 250), (IDLE + 5, 1250), (BUSY, MOST_US), (100, MOST_US)],
)
def test_nothing_waits_while_it_is_idle(percent: int, apart_us: int) -> None:
    assert loaded(percent).apart_us == apart_us


def test_nothing_ever_waits_where_that_is_not_wanted() -> None:
    assert loaded(100, most_us=0).apart_us == 0


def test_it_takes_a_window_to_know() -> None:
    assert loaded(100, windows=0).apart_us == 0
    batching = Batching(MOST_US, 0)
    batching.on_turn(WINDOW_US - 1, WINDOW_US - 1)
    assert batching.apart_us == 0
    batching.on_turn(1, WINDOW_US)
    assert batching.apart_us == MOST_US


def test_load_that_is_over_is_forgotten() -> None:
    batching = loaded(100)
    batching.on_turn(10, 3 * WINDOW_US)
    assert batching.apart_us == 0


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 40_000)), max_size=80))
def test_as_all_turns_kept(turns: list[tuple[int, int]]) -> None:
    batching, now_us, window, apart_us = Batching(MOST_US, 0), 0, [(0, 0)], 0
    for percent, took_us in turns:
        now_us += took_us
        busy_us = took_us * percent // 100
        window.append((busy_us, now_us))
        batching.on_turn(busy_us, now_us)
        elapsed_us = now_us - window[0][1]
        if elapsed_us >= WINDOW_US:
            share = sum(busy for busy, _ in window[1:]) * 100 // elapsed_us
            apart_us = MOST_US * min(max(share - IDLE, 0), BUSY - IDLE) // (BUSY - IDLE)
            window = [(0, now_us)]
        assert batching.apart_us == apart_us
