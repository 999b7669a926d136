"""bwe/aimd against the formulas of aimd.pxd."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.bwe import Aimd

NORMAL, OVERUSE, UNDERUSE = 0, 1, 2
MS, SECOND_US = 1000, 1_000_000
RTT_US = 50 * MS


def grow(aimd, seconds, acked=None, begin_us=0, limited=False):
    """Feedback each 100 ms."""
    now_us = begin_us
    for _ in range(int(seconds * 10)):
        now_us += 100 * MS
        bps = aimd.update(NORMAL, acked or 1e12, RTT_US, now_us, limited)
    return bps


def test_eight_percent_a_second_without_a_limit_in_sight():
    assert grow(Aimd(1_000_000), 10) == pytest.approx(1_000_000 * 1.08**10)


def test_never_above_half_as_much_again_as_arrives():
    assert grow(Aimd(300_000), 60, acked=400_000) == pytest.approx(610_000)


def test_one_overuse_leaves_85_percent_of_what_arrives():
    assert Aimd(1_000_000).update(OVERUSE, 600_000, RTT_US, SECOND_US) == pytest.approx(510_000)


def test_of_the_last_two_windows_where_that_is_less():
    bps = Aimd(2_000_000).update(OVERUSE, 1_500_000, RTT_US, SECOND_US, recent_bps=500_000)
    assert bps == pytest.approx(425_000)


def test_once_for_each_round_trip():
    aimd = Aimd(1_000_000)
    first = aimd.update(OVERUSE, 900_000, RTT_US, SECOND_US)
    assert aimd.update(OVERUSE, 600_000, RTT_US, SECOND_US + 40 * MS) == first
    assert aimd.update(OVERUSE, 600_000, RTT_US, SECOND_US + 60 * MS) == pytest.approx(510_000)


def test_at_once_when_less_than_half_arrives():
    aimd = Aimd(2_000_000)
    aimd.update(OVERUSE, 2_000_000, RTT_US, SECOND_US)
    assert aimd.update(OVERUSE, 500_000, RTT_US, SECOND_US + MS) == pytest.approx(425_000)


def test_slowly_near_the_rate_at_which_the_link_was_full():
    """A packet of the average frame for each round-trip time and 100 ms."""
    aimd = Aimd(1_000_000)
    bps = aimd.update(OVERUSE, 1_000_000, RTT_US, SECOND_US)
    bits = bps / 30 / math.ceil(bps / 30 / 9600)
    aimd.update(NORMAL, 850_000, RTT_US, SECOND_US + 100 * MS)
    found = aimd.update(NORMAL, 850_000, RTT_US, SECOND_US + 200 * MS)
    assert found == pytest.approx(bps + 0.1 * bits / 0.15)


def test_quickly_again_when_the_link_has_become_wider():
    aimd = Aimd(1_000_000)
    aimd.update(OVERUSE, 1_000_000, RTT_US, SECOND_US)
    grow(aimd, 2, acked=1_500_000, begin_us=SECOND_US)
    assert aimd.link_kbps == 0


def test_a_sender_that_does_not_use_it_learns_nothing():
    assert grow(Aimd(1_000_000), 20, limited=True) == 1_000_000


def test_and_loses_no_more_than_three_tenths_by_one_overuse():
    aimd = Aimd(2_000_000)
    assert aimd.update(OVERUSE, 100_000, RTT_US, SECOND_US, limited=True) == pytest.approx(
        1_400_000
    )


def test_holds_while_the_queue_drains():
    aimd = Aimd(1_000_000)
    aimd.update(UNDERUSE, 5_000_000, RTT_US, SECOND_US)
    assert aimd.update(NORMAL, 5_000_000, RTT_US, 2 * SECOND_US) == 1_000_000
    assert aimd.update(NORMAL, 5_000_000, RTT_US, 3 * SECOND_US) == pytest.approx(1_080_000)


def test_a_probe_sets_it():
    aimd = Aimd(300_000)
    aimd.set(2_000_000, SECOND_US)
    assert aimd.update(NORMAL, 300_000, RTT_US, 2 * SECOND_US) == 2_000_000


class SlowAimd:
    def __init__(self, bps):
        self.bps, self.link, self.variance, self.holds = bps, 0.0, 0.4, False
        self.raised, self.reduced = 0, -math.inf

    @property
    def margin(self):
        return 3 * math.sqrt(self.variance * self.link)

    def update(self, usage, acked, rtt_us, now_us, limited):
        if usage == OVERUSE:
            self._down(acked, rtt_us, now_us, limited)
        elif usage == NORMAL and not self.holds and acked and not limited:
            self._up(acked, rtt_us, now_us)
        self.holds = usage != NORMAL
        self.raised = now_us
        return self.bps

    def _up(self, acked, rtt_us, now_us):
        most, seconds = 1.5 * acked + 10_000, min(now_us - self.raised, SECOND_US) / 1e6
        if self.bps >= most:
            return
        if self.link and acked / 1000 > self.link + self.margin:
            self.link = 0.0
        if self.link:
            frame = self.bps / 30
            more = max(4000, frame / math.ceil(frame / 9600) / ((rtt_us + 100_000) / 1e6))
            self.bps = min(most, self.bps + seconds * more)
        else:
            self.bps = min(most, self.bps * 1.08**seconds)

    def _down(self, acked, rtt_us, now_us, limited):
        if now_us - self.reduced < min(200_000, max(10_000, rtt_us)) and acked >= self.bps / 2:
            return
        if not acked:
            return
        target = 0.85 * acked
        if target > self.bps and self.link:
            target = 850 * self.link
        if limited:
            target = max(target, 0.7 * self.bps)
        self.bps, self.reduced = min(self.bps, target), now_us
        if not limited:
            self._learn(acked / 1000)

    def _learn(self, kbps):
        if not self.link or kbps < self.link - self.margin:
            self.link, self.variance = kbps, 0.4
            return
        self.link += 0.05 * (kbps - self.link)
        error = (self.link - kbps) ** 2 / max(self.link, 1)
        self.variance = min(2.5, max(0.4, 0.95 * self.variance + 0.05 * error))


updates = st.tuples(
    st.sampled_from([NORMAL, NORMAL, NORMAL, OVERUSE, UNDERUSE]),
    st.one_of(st.just(0), st.integers(50_000, 6_000_000)),
    st.integers(0, 400_000),
    st.integers(1000, 2_000_000),
    st.booleans(),
)


@given(st.integers(50_000, 5_000_000), st.lists(updates, max_size=100))
def test_like_the_slow_one(start, life):
    aimd, slow, now_us = Aimd(start), SlowAimd(start), 0
    for usage, acked, rtt_us, wait_us, limited in life:
        now_us += wait_us
        found = aimd.update(usage, acked, rtt_us, now_us, limited)
        assert found == pytest.approx(slow.update(usage, acked, rtt_us, now_us, limited))
        assert aimd.link_kbps == pytest.approx(slow.link)
