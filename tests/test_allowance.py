"""Allowances: whoever waits as it is told never does more, and may do all that it is allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu.allowance import Allowance


@given(st.lists(st.floats(0, 0.3), max_size=200), st.integers(1, 10), st.integers(1, 20))
def test_who_waits_never_does_more(gaps: list[float], rate: int, burst: int) -> None:
    """In no interval more than `burst` and `rate` for each second of it."""
    allowance = Allowance(rate, burst)
    now, done = 1000.0, []
    for gap in gaps:
        now += gap
        now += allowance.take(now)
        done.append(now)
    for first, start in enumerate(done):
        for count, end in enumerate(done[first:], 1):
            assert count <= burst + (end - start) * rate + 1e-6


def test_the_allowed_rate_never_waits() -> None:
    allowance = Allowance(20, 100)
    assert not any(allowance.take(number / 20) for number in range(2000))


def test_what_is_not_there_yet_has_to_be_waited_for() -> None:
    allowance = Allowance(per_second=2, burst=3)
    assert allowance.take(0.0, 3) == 0
    assert allowance.take(0.0, 1) == pytest.approx(0.5)
    assert allowance.take(0.25, 0) == pytest.approx(0.25)
    assert allowance.take(0.5, 1) == pytest.approx(0.5)
