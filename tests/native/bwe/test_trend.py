"""bwe/trend against the formulas of trend.pxd, in numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.bwe import Trend

NORMAL, OVERUSE, UNDERUSE = 0, 1, 2
MS = 1000


class SlowTrend:
    def __init__(self):
        self.points, self.accumulated, self.smoothed = [], 0.0, 0.0
        self.threshold, self.slope, self.usage = 12.5, 0.0, NORMAL
        self.over, self.groups, self.adapted, self.seen = None, 0, None, 0

    def delta(self, sent_us, apart_us, arrival_us):
        self.seen += 1
        self.accumulated += (apart_us - sent_us) / 1000
        self.smoothed = 0.9 * self.smoothed + 0.1 * self.accumulated
        self.points = [*self.points, (arrival_us / 1000, self.smoothed)][-20:]
        slope = self.slope
        x, y = np.array(self.points).T
        if len(self.points) == 20 and np.ptp(x) > 0:
            slope = np.polyfit(x - x[0], y, 1)[0]
        if self.seen < 2:
            return self.usage
        modified = min(self.seen, 60) * slope * 4
        self._judge(modified, slope, sent_us / 1000)
        self.slope = slope
        now = arrival_us / 1000
        step = min(now - (now if self.adapted is None else self.adapted), 100)
        self.adapted = now
        if abs(modified) <= self.threshold + 15 and step > 0:
            k = 0.039 if abs(modified) < self.threshold else 0.0087
            self.threshold += k * (abs(modified) - self.threshold) * step
            self.threshold = min(600, max(6, self.threshold))
        return self.usage

    def _judge(self, modified, slope, sent_ms):
        if modified <= self.threshold:
            self.over, self.groups = None, 0
            self.usage = UNDERUSE if modified < -self.threshold else NORMAL
            return
        self.over = sent_ms / 2 if self.over is None else self.over + sent_ms
        self.groups += 1
        if self.over > 10 and self.groups > 1 and slope >= self.slope:
            self.over, self.groups, self.usage = 0.0, 0, OVERUSE


def ramp(trend, groups, growth_us, now_us=0):
    usages = []
    for _ in range(groups):
        now_us += 33 * MS + growth_us
        usages.append(trend.delta(33 * MS, 33 * MS + growth_us, now_us))
    return usages


def test_a_steady_delay_is_normal():
    assert set(ramp(Trend(), 200, 0)) == {NORMAL}


def test_a_growing_queue_is_overuse_within_a_second():
    """As of a link that gets 1.2 times what it carries."""
    trend = Trend()
    ramp(trend, 60, 0)
    assert OVERUSE in ramp(trend, 30, 7 * MS, 60 * 33 * MS)


def test_a_draining_queue_is_underuse():
    trend = Trend()
    ramp(trend, 60, 0)
    assert UNDERUSE in ramp(trend, 30, -7 * MS, 60 * 33 * MS)


def test_drift_of_the_clocks_is_normal():
    """200 ppm."""
    assert set(ramp(Trend(), 500, 7)) == {NORMAL}


def test_noise_raises_the_threshold_and_is_normal_in_the_end():
    trend, chance, now_us = Trend(), np.random.default_rng(1), 0
    before = 0
    usages = []
    for _ in range(2000):
        late = int(chance.integers(0, 15 * MS))
        apart = 33 * MS + late - before
        before, now_us = late, now_us + apart
        usages.append(trend.delta(33 * MS, apart, now_us))
    assert usages[1000:].count(OVERUSE) <= 3


def test_the_threshold_follows_down_to_6():
    trend = Trend()
    ramp(trend, 600, 0)
    assert trend.threshold_ms == 6


def test_the_threshold_follows_what_grows_slowly():
    trend, now_us = Trend(), 0
    for growth_us in range(0, 20 * MS, 20):
        ramp(trend, 4, growth_us, now_us)
        now_us += 4 * (33 * MS + growth_us)
    assert 60 < trend.threshold_ms < 120


@given(
    st.lists(st.tuples(st.integers(5 * MS, 60 * MS), st.integers(-20 * MS, 25 * MS)), max_size=150)
)
def test_like_the_slow_one(life):
    trend, slow, now_us = Trend(), SlowTrend(), 10**9
    for sent_us, growth_us in life:
        apart_us = max(0, sent_us + growth_us)
        now_us += apart_us
        assert trend.delta(sent_us, apart_us, now_us) == slow.delta(sent_us, apart_us, now_us)
        assert trend.slope == pytest.approx(slow.slope, abs=1e-9)
        assert trend.threshold_ms == pytest.approx(slow.threshold)
