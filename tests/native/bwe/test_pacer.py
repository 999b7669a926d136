"""bwe/pacer against the formula of pacer.pxd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.bwe import IDLE, WAITING, Pacer

MS = 1000
MBPS = 1_000_000


def paced(rate_bps):
    pacer = Pacer(0)
    pacer.rate(rate_bps, 0)
    return pacer


def test_without_a_rate_all_is_admitted():
    pacer = Pacer(0)
    pacer.charge(10_000_000, 0)
    assert pacer.admits(10_000_000, 0)


def test_what_drains_within_40_ms_leaves_whole():
    pacer = paced(MBPS)
    assert pacer.admits(5000, 0)
    pacer.charge(5000, 0)
    assert not pacer.admits(1, 0)
    assert pacer.admits(1250, 10 * MS)
    assert not pacer.admits(1251, 10 * MS)


def test_one_packet_leaves_however_slow_it_is():
    assert paced(30_000).admits(1200, 0)


def test_nothing_overtakes_what_waits():
    pacer = paced(MBPS)
    pacer.charge(5000, 0)
    assert pacer.put(7, 1, 1000, 0)
    assert not pacer.admits(10, 35 * MS)
    assert pacer.next(35 * MS) == (7, 1, 1000, 0)
    assert pacer.admits(10, 35 * MS)


def test_the_due_time_is_when_it_may_leave():
    pacer = paced(MBPS)
    assert pacer.due_us == IDLE
    pacer.charge(5000, 0)
    pacer.put(1, 2, 1250, 0)
    assert pacer.due_us == 10 * MS
    assert pacer.next(10 * MS - 1) is None
    assert pacer.next(10 * MS) is not None


def test_a_full_ring_says_so():
    pacer = paced(MBPS)
    assert all(pacer.put(1, i, 1000, 0) for i in range(WAITING))
    assert not pacer.put(1, WAITING, 1000, 0)
    pacer.rate(0, 0)
    assert [pacer.next(0)[1] for _ in range(WAITING)] == list(range(WAITING))
    assert pacer.waiting_bytes == 0


def test_of_a_large_picture_that_takes_long_no_more_leaves_than_fits():
    """Two thirds of the rate, until what still waits is through within 200 ms."""
    pacer, left = paced(1200 * 1000), []
    assert all(pacer.put(1, number, 1200, 1, keyframe=True) for number in range(100))
    for now_us in range(0, 1200 * MS, MS):
        while pacer.next(now_us) is not None:
            left.append(now_us)
    # 6,000 of 120,000 bytes at once, 84,000 of them at 100,000 a second, 30,000 at 150,000.
    assert left.count(0) == 5
    assert 1030 * MS < left[-1] < 1050 * MS


@pytest.mark.parametrize(("together", "at_once"), [(True, False), (False, True)])
def test_a_picture_that_comes_in_parts_is_large_too(together, at_once):
    """Sixty packets of one, or of sixty pictures: those leave at the pacing rate."""
    pacer, left = paced(1200 * 1000), []
    for number in range(60):
        assert pacer.put(1, number, 1200, 1 + number, ts=0 if together else number)
    for now_us in range(0, 1200 * MS, MS):
        while pacer.next(now_us) is not None:
            left.append(now_us)
    assert (left[-1] < 450 * MS) == at_once


@pytest.mark.parametrize("rate_bps", [0, 2 * MBPS])
def test_spread_they_leave_one_by_one(rate_bps):
    """At the rate that is said, until the next one is set."""
    pacer = paced(rate_bps)
    pacer.spread(MBPS, 0)
    assert pacer.admits(1250, 0)
    pacer.charge(1250, 0)
    assert not pacer.admits(1, 9 * MS)
    assert all(pacer.put(1, number, 1250, 9 * MS) for number in range(4))
    left = [now for now in range(0, 60 * MS, MS) if pacer.next(now) is not None]
    assert left == [10 * MS, 20 * MS, 30 * MS, 40 * MS]
    pacer.rate(rate_bps, 60 * MS)
    assert pacer.admits(5000, 60 * MS)


def test_what_was_owed_at_a_rate_is_not_once_there_is_none():
    pacer = paced(MBPS)
    pacer.charge(100_000, 0)
    pacer.rate(0, 0)
    pacer.rate(MBPS, 10 * MS)
    assert pacer.admits(5000, 10 * MS)


acts = st.tuples(
    st.integers(0, 30 * MS), st.integers(1, 3000), st.sampled_from(["sound", "picture", "keyframe"])
)


@given(st.integers(50_000, 20 * MBPS), st.lists(acts, max_size=120))
def test_never_more_than_the_rate_and_what_drains_in_time(rate, life):
    """Over any span, what leaves is at most rate x span, and the debt at its end."""
    pacer, now_us, left, debt, waiting, large = paced(rate), 1, [], 0.0, [], False
    for wait_us, size, what in life:
        now_us += wait_us
        long = large and sum(left[number] for number in waiting) * 8e6 > 0.2e6 * rate
        debt = max(0.0, debt - (rate * 2 / 3 if long else rate) * wait_us / 8e6)
        while (paced_one := pacer.next(now_us)) is not None:
            assert debt == 0 or debt + paced_one[2] <= 0.04 * rate / 8 + 1e-6
            assert waiting.pop(0) == paced_one[1]
            debt += paced_one[2]
        if waiting:
            assert now_us <= pacer.due_us <= now_us + debt * 8e6 / (rate * 2 / 3) + 2
        if what == "sound" or pacer.admits(size, now_us):
            pacer.charge(size, now_us)
            debt += size
        else:
            key = what == "keyframe"
            large = key or size * 8e6 > 0.2e6 * rate or (large and bool(waiting))
            pacer.put(1, len(left), size, now_us, keyframe=key)
            waiting.append(len(left))
        left.append(size)
        assert abs(pacer.debt_bytes - debt) < 1e-3
