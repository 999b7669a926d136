"""bwe/estimator: what lies between its parts; the closed loop is test_loop.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.bwe.wire import MS, SECOND_US, Wire
from tests.native.faces.estimator import START_BPS, Estimator

LEAST, MOST = 30_000, 200_000_000


def test_nothing_is_known_at_first():
    estimator = Wire().estimator
    assert (estimator.bps, estimator.proven) == (START_BPS, False)


def test_what_gets_through_at_first_is_believed():
    wire = Wire()
    wire.flow(0.9, 2_000_000)
    assert not wire.estimator.proven
    wire.flow(0.3, 2_000_000)
    assert wire.estimator.proven
    assert 2_000_000 < wire.estimator.bps < 3_100_000


def test_without_any_feedback_there_is_no_estimate():
    wire = Wire()
    wire.flow(10, 1_000_000, told=False)
    assert not wire.estimator.proven


def test_feedback_that_stays_away_says_nothing_of_how_much_fits():
    wire = Wire()
    before = wire.flow(5, 1_000_000)
    wire.flow(0.4, 1_000_000, told=False)
    assert not wire.estimator.away
    wire.flow(20, 1_000_000, told=False)
    assert wire.estimator.away
    assert wire.estimator.bps == before
    wire.flow(0.2, 1_000_000)
    assert not wire.estimator.away
    assert wire.estimator.bps >= before


@pytest.mark.parametrize("every", [50, 100, 250])
def test_a_link_from_which_nothing_comes_may_be_gone(every):
    """Rather than that one feedback is lost, however far they are apart as a rule."""
    wire = Wire(every_ms=every)
    wire.flow(8, 1_000_000)
    assert not wire.estimator.unheard(wire.now_us + 60 * SECOND_US)  # when nothing is sent
    wire.flow(2 * every / 1000, 1_000_000, told=False)
    assert not wire.estimator.unheard(wire.now_us)
    wire.flow(0.1, 1_000_000, told=False)
    assert wire.estimator.unheard(wire.now_us)
    assert not wire.estimator.unheard(wire.now_us, heard_us=wire.now_us - 20 * MS)
    wire.flow(every / 1000, 1_000_000)
    assert not wire.estimator.unheard(wire.now_us)
    wire.flow(2, 1_000_000, told=False)
    assert wire.estimator.away
    assert not wire.estimator.unheard(wire.now_us)


@pytest.mark.parametrize("seconds", [1, 10])
def test_what_an_absence_loses_is_no_congestion(seconds):
    """The first feedback after it tells of all that was lost."""
    wire = Wire()
    before = wire.flow(5, 1_000_000)
    lost = []
    for _ in range(seconds * 125):
        wire.now_us += 8 * MS
        lost.append((wire.estimator.sends(1000, wire.now_us), None))
        wire.estimator.tick(wire.now_us)
    wire.estimator.feedback(lost, wire.now_us)
    assert wire.estimator.away
    wire.flow(3, 1_000_000)
    assert wire.estimator.bps >= before


def test_silence_is_no_stall():
    wire = Wire()
    before = wire.flow(5, 1_000_000)
    wire.now_us += 60 * SECOND_US
    wire.estimator.tick(wire.now_us)
    wire.flow(0.1, 1_000_000)
    assert wire.estimator.bps >= before


def test_one_feedback_in_three_lost_does_not_lower_it():
    wire = Wire()
    wire.flow(5, 1_000_000)
    for count in range(50):
        wire.flow(0.1, 1_000_000, told=count % 3 != 0)
    assert wire.estimator.state["acked"] == pytest.approx(1_000_000, rel=0.15)
    assert wire.estimator.bps > 1_000_000


def test_reordered_and_repeated_feedback_counts_once():
    wire = Wire()
    wire.flow(5, 1_000_000)
    sent = [wire.estimator.sends(1000, wire.now_us) for _ in range(20)]
    arrivals = [(n, (wire.now_us + 30 * MS) // 250) for n in sent]
    wire.estimator.feedback(arrivals[10:], wire.now_us + 50 * MS)
    wire.estimator.feedback(arrivals[:10], wire.now_us + 51 * MS)
    wire.estimator.feedback(arrivals, wire.now_us + 52 * MS)
    assert wire.estimator.bps >= 1_000_000
    assert wire.estimator.state["average"] == 0


def test_a_queue_that_grows_lowers_it_within_a_second():
    wire = Wire()
    wire.flow(5, 1_000_000)
    wire.flow(1, 1_000_000, late_us=lambda i: i * 2 * MS)
    assert wire.estimator.bps < 900_000


def test_a_queue_that_stands_lowers_it_and_is_left_to_others_in_the_end():
    wire = Wire()
    before = wire.flow(5, 1_000_000)
    wire.flow(0.2, 1_000_000, late_us=lambda i: min(150, 8 * i) * MS)
    wire.flow(5, 1_000_000, late_us=lambda i: 150 * MS)
    assert 0.4 * 1_000_000 < wire.estimator.bps < 0.9 * before


def test_ten_percent_lost_on_the_way_is_no_stall_and_no_fall():
    wire = Wire()
    wire.flow(5, 1_000_000)
    wire.flow(10, 1_000_000, lost=lambda i: i % 20 == 7)
    assert wire.estimator.bps > 1_000_000


def test_limited_by_what_is_sent():
    wire = Wire()
    wire.flow(5, 1_000_000)
    assert not wire.estimator.limited
    wire.flow(2, 100_000)
    assert wire.estimator.limited
    before = wire.estimator.bps
    wire.flow(20, 100_000)
    assert wire.estimator.bps == before


class Reports:
    """A receiver without transport-wide feedback, which reports once a second."""

    def __init__(self):
        self.estimator, self.now_us, self.bytes = Estimator(0, twcc=False), SECOND_US, 0

    def second(self, bps, remb=None, lost=0.0):
        self.now_us += SECOND_US
        self.bytes += bps // 8
        packets = max(1, bps // 8000)
        self.estimator.report(packets, int(lost * packets), self.bytes, self.now_us)
        if remb:
            self.estimator.remb(remb, self.bytes, self.now_us)
        return self.estimator.bps


def test_a_remb_that_follows_what_is_sent_is_no_bound():
    reports = Reports()
    for _ in range(20):
        reports.second(500_000, remb=750_000)
    assert not reports.estimator.proven


def test_a_remb_below_it_is():
    reports = Reports()
    for _ in range(5):
        bps = reports.second(500_000, remb=400_000)
    assert reports.estimator.proven
    assert bps == 400_000


def test_and_rises_slowly_when_it_follows_again():
    reports = Reports()
    for _ in range(5):
        reports.second(500_000, remb=400_000)
    for _ in range(10):
        bps = reports.second(200_000, remb=300_000)
    assert bps == pytest.approx(400_000 * 1.08**10, rel=0.1)


def test_random_loss_in_reports_is_no_bound():
    reports = Reports()
    for _ in range(30):
        reports.second(1_000_000, lost=0.04)
    assert reports.estimator.bps > 1_000_000


def test_half_lost_in_reports_is():
    reports = Reports()
    for _ in range(10):
        reports.second(1_000_000, lost=0.5)
    assert reports.estimator.proven
    assert reports.estimator.bps < 700_000


feedbacks = st.lists(
    st.tuples(st.integers(0, 0xFFFF), st.one_of(st.none(), st.integers(0, 0xFFFFFFFF))),
    max_size=80,
)


@given(
    st.lists(st.tuples(st.integers(0, 3 * SECOND_US), st.integers(0, 40), feedbacks), max_size=25)
)
def test_any_feedback_at_all(life):
    """Whatever a receiver says: the estimate stays within its bounds."""
    estimator, now_us = Estimator(0, first=0), 0
    estimator.wanted_bps = 10_000_000
    for wait_us, count, arrivals in life:
        now_us += wait_us
        for _ in range(count):
            estimator.sends(1200, now_us)
        estimator.feedback([(n % 200 if n < 60_000 else n, at) for n, at in arrivals], now_us)
        estimator.probe(now_us)
        estimator.tick(now_us)
        assert LEAST <= estimator.bps <= MOST
        assert 0 <= estimator.owed(now_us) <= MOST
