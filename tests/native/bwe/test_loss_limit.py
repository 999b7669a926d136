"""bwe/loss_limit: its choice against the formulas of loss_limit.pxd in numpy, and what it makes of
loss that is random, of loss that is congestion, and of both."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.bwe import LossLimit

MBPS = 1_000_000


class SlowLimit:
    def __init__(self):
        self.seen, self.inherent, self.bps = [], 0.01, 0.0

    def observe(self, packets, lost, rate, delay, acked):
        self.seen = [(packets, lost, rate), *self.seen][:15]
        if len(self.seen) < 4:
            return self.bps
        now = min(self.bps, delay) if self.bps else delay
        others = [
            now,
            now * 0.95,
            min(now * 1.02, delay),
            min(acked, delay) if acked else now,
            delay,
        ]
        packets, lost, _ = np.array(self.seen).T
        weights = 0.9 ** np.arange(len(self.seen))
        average = (weights @ lost) / (weights @ packets)
        scores = [(self._score(bps, inherent := self._suited(bps), average), bps, inherent)
                  for bps in others]  # fmt: skip
        _, best, self.inherent = max(scores, key=lambda found: found[0])
        if best > now and average > self.inherent + 0.02:
            best = now
        if average > 0.1:
            best = min(best, max(75_000 / (average - 0.1), acked / 2))
        self.bps = best if best < delay else 0.0
        return self.bps

    def _chance(self, bps, inherent):
        rates = np.array(self.seen)[:, 2]
        beyond = np.maximum(rates - bps, 0) / np.maximum(rates, 1e-9)
        return np.clip(inherent + (1 - inherent) * beyond, 1e-6, 1 - 1e-6)

    def _suited(self, bps):
        packets, lost, _ = np.array(self.seen).T
        weights, most = 0.9 ** np.arange(len(self.seen)), 0.05 + 75_000 / bps
        inherent = float(np.clip(self.inherent, 0.001, most))
        for _ in range(3):
            p = self._chance(bps, inherent)
            first = weights @ (lost / p - (packets - lost) / (1 - p))
            second = -weights @ (lost / p**2 + (packets - lost) / (1 - p) ** 2)
            if second < 0:
                inherent -= 0.75 * first / second
            inherent = float(np.clip(inherent, 0.001, most))
        return inherent

    def _score(self, bps, inherent, average):
        packets, lost, _ = np.array(self.seen).T
        weights, p = 0.9 ** np.arange(len(self.seen)), self._chance(bps, inherent)
        likely = weights @ (lost * np.log(p) + (packets - lost) * np.log(1 - p))
        if average < 0.2:
            likely += weights @ packets * (0.0002 * bps / 1000 + 0.02 * np.log(1 + bps / 1000))
        return likely


def send(limit, chance, rate, loss, seconds, delay=None, acked=None):
    """Observations of a flow at `rate`, each packet lost by `loss`, or `loss(rate)`."""
    for _ in range(int(seconds * 4)):
        packets = max(1, int(rate / 4 / 8 / 1100))
        lost = sum(chance.random() < loss for _ in range(packets))
        arrived = acked or rate * (packets - lost) / packets
        bps = limit.observe(packets, lost, rate, delay or 1.1 * rate, arrived)
    return bps


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rate", [0.3 * MBPS, MBPS, 3 * MBPS])
@pytest.mark.parametrize("loss", [0.0, 0.02, 0.05])
def test_random_loss_is_no_bound(loss, rate, seed):
    limit, chance = LossLimit(), random.Random(seed)
    bounds = [
        send(limit, chance, rate, loss, 0.25, acked=(1 - loss) * rate) or rate for _ in range(120)
    ]
    assert np.mean(np.minimum(bounds, rate)) > 0.97 * rate
    assert min(bounds) > 0.8 * rate


@pytest.mark.parametrize("seed", range(5))
def test_loss_that_comes_with_the_rate_is_a_bound(seed):
    """A link of 1 Mbit/s without a queue, and a sender that goes beyond it."""
    limit, chance, rate = LossLimit(), random.Random(seed), 0.6 * MBPS
    rates = []
    for _ in range(120):
        rate = min(1.04 * rate, 1.04 * (limit.bps or 1e12))
        send(limit, chance, rate, max(0, 1 - MBPS / rate), 0.25, delay=10 * MBPS)
        rates.append(rate)
    assert 0.85 * MBPS < np.mean(rates[60:]) < 1.15 * MBPS


def test_heavy_loss_bounds_by_itself():
    limit = LossLimit()
    bps = send(limit, random.Random(1), 2 * MBPS, 0.5, 5)
    assert 0 < bps <= 1.1 * MBPS


def test_what_was_lost_and_came_is_forgiven():
    limit = LossLimit()
    for i in range(500):
        limit.packet(i * 10_000, 1000, True)
        limit.forgive()
        limit.update(MBPS, MBPS)
    assert limit.bps == 0
    assert limit.inherent < 0.01


def test_an_observation_lasts_a_quarter_of_a_second():
    limit = LossLimit()
    for i in range(26):
        limit.packet(i * 10_000, 1000, False)
        assert limit.update(MBPS, MBPS) is (i == 25)
    assert limit.observations == 1


observations = st.tuples(
    st.integers(1, 400), st.floats(0, 1), st.integers(20_000, 8_000_000),
    st.integers(40_000, 10_000_000), st.integers(0, 8_000_000),
)  # fmt: skip


@given(st.lists(observations, max_size=30))
def test_like_the_slow_one(life):
    limit, slow = LossLimit(), SlowLimit()
    for packets, share, rate, delay, acked in life:
        lost = int(packets * share**3)
        found = limit.observe(packets, lost, rate, delay, acked)
        expected = slow.observe(packets, lost, rate, delay, acked)
        assert found == pytest.approx(expected, rel=1e-6)
        assert limit.inherent == pytest.approx(slow.inherent, rel=1e-6)
