"""bwe/acked against the formula of acked.pxd."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.bwe import Acked


class SlowAcked:
    def __init__(self):
        self.bps, self.variance, self.window, self.last, self.bytes = 0.0, 50.0, 0, None, 0

    def packet(self, arrival_us, size):
        whole = 150_000 if self.bps > 0 else 500_000
        if self.last is not None:
            passed = max(0, arrival_us - self.last)
            self.window += passed
            if passed > whole:
                self.bytes, self.window = 0, self.window % whole
        self.last = arrival_us if self.last is None else max(self.last, arrival_us)
        if self.window >= whole:
            self._take(8e6 * self.bytes / whole)
            self.window, self.bytes = self.window - whole, 0
        self.bytes += size
        return self.bps

    def _take(self, sample):
        if self.bps <= 0:
            self.bps = sample
            return
        doubt = (10 * abs(self.bps - sample) / self.bps) ** 2
        variance = self.variance + 5
        self.bps = (doubt * self.bps + variance * sample) / (doubt + variance)
        self.variance = doubt * variance / (doubt + variance)


def flow(acked, bps, seconds, start_us=0, size=1100):
    chance = random.Random(1)
    now, apart = start_us, size * 8e6 / bps
    while now < start_us + seconds * 1e6:
        now += apart * chance.uniform(0.5, 1.5)
        found = acked.packet(int(now), size)
    return found


@pytest.mark.parametrize("bps", [60_000, 500_000, 5_000_000])
def test_a_steady_flow(bps):
    assert flow(Acked(), bps, 10) == pytest.approx(bps, rel=0.1 if bps > 100_000 else 0.2)


def test_a_fall_is_believed_within_a_second():
    acked = Acked()
    flow(acked, 2_000_000, 5)
    assert flow(acked, 500_000, 1, 5_000_000) < 800_000


def test_not_known_before_half_a_second():
    acked = Acked()
    assert flow(acked, 500_000, 0.45) == 0
    assert flow(acked, 500_000, 0.2, 450_000) > 0


def test_a_pause_is_no_fall():
    acked = Acked()
    before = flow(acked, 1_000_000, 5)
    assert acked.packet(65_000_000, 1100) == before


@given(st.lists(st.tuples(st.integers(-1000, 400_000), st.integers(1, 1500)), max_size=200))
def test_like_the_slow_one(life):
    acked, slow, now_us = Acked(), SlowAcked(), 10**9
    for wait_us, size in life:
        now_us += wait_us
        assert acked.packet(now_us, size) == pytest.approx(slow.packet(now_us, size))
