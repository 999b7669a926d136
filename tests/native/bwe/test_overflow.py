"""bwe/estimator: which losses say that what is sent does not fit the link."""

import pytest

from tests.native.bwe.wire import MS, SECOND_US, Wire

FULL_MS = 150  # what a queue that stands adds


def standing(before_s=5.0):
    """A flow whose queue has just filled."""
    wire = Wire()
    wire.flow(before_s, 1_000_000)
    wire.flow(0.2, 1_000_000, late_us=lambda i: min(FULL_MS, 8 * i) * MS)
    return wire


def stands(wire, seconds, lost=lambda i: False):
    wire.flow(seconds, 1_000_000, lost=lost, late_us=lambda i: FULL_MS * MS)
    return wire.estimator.overflows


def test_one_in_ten_lost_of_what_stands_in_a_queue_does():
    assert stands(standing(), 0.6, lost=lambda i: i % 10 == 5)


def test_a_queue_alone_does_not():
    assert not stands(standing(), 0.6)


def test_loss_alone_does_not():
    wire = Wire()
    wire.flow(5, 1_000_000)
    wire.flow(2, 1_000_000, lost=lambda i: i % 10 == 5)
    assert not wire.estimator.overflows


def test_what_the_link_loses_anyway_does_not():
    wire = Wire()
    wire.flow(20, 1_000_000, lost=lambda i: i % 20 == 5)
    assert wire.estimator.state["inherent"] == pytest.approx(0.05, rel=0.3)
    wire.flow(0.2, 1_000_000, late_us=lambda i: min(FULL_MS, 8 * i) * MS)
    assert not stands(wire, 0.6, lost=lambda i: i % 20 == 5)
    assert stands(wire, 0.4, lost=lambda i: i % 3 == 1)


def test_it_ends_with_the_queue():
    wire = standing()
    assert stands(wire, 0.6, lost=lambda i: i % 10 == 5)
    wire.flow(0.3, 1_000_000)
    assert not wire.estimator.overflows


def test_what_comes_late_does_not():
    """Told as lost first: it was overtaken."""
    wire = standing()
    assert not stands(wire, 0.4)
    sent = [wire.estimator.sends(1000, wire.now_us + n * MS) for n in range(24)]
    ticks = [(wire.now_us + (n + FULL_MS) * MS) // 250 for n in range(24)]
    wire.now_us += 200 * MS
    late = {n for n in range(24) if n % 4 == 1}
    first = [(number, None if n in late else ticks[n]) for n, number in enumerate(sent)]
    wire.estimator.feedback(first, wire.now_us)
    assert wire.estimator.overflows
    after = [(sent[n], ticks[23] + 4) for n in sorted(late)]
    wire.estimator.feedback(after, wire.now_us + 20 * MS)
    assert not wire.estimator.overflows


def test_what_an_absence_loses_does_not():
    """However full the queue was when the link went."""
    wire = standing()
    assert not stands(wire, 0.6)
    lost = []
    for _ in range(200):
        wire.now_us += 8 * MS
        lost.append((wire.estimator.sends(1000, wire.now_us), None))
        wire.estimator.tick(wire.now_us)
    assert wire.estimator.away
    wire.estimator.feedback(lost, wire.now_us)
    assert not wire.estimator.overflows
    assert not stands(wire, 0.3)


def test_what_a_probe_loses_does_not():
    """It asks whether more fits; that it does not is its answer."""
    wire = Wire()
    wire.flow(5, 1_000_000)
    estimator = wire.estimator
    estimator.wanted_bps = 5_000_000
    wire.now_us += 3 * SECOND_US
    assert estimator.probe(wire.now_us)
    cluster = []
    while estimator.owed(wire.now_us) > 0 or len(cluster) < 5:
        cluster.append(estimator.sends(1000, wire.now_us))
        wire.now_us += MS
    wire.flow(0.2, 1_000_000, late_us=lambda i: FULL_MS * MS)
    assert not stands(wire, 0.2)
    estimator.feedback([(number, None) for number in cluster], wire.now_us)
    assert not estimator.overflows


def test_a_queue_that_is_left_to_others_does_not():
    """Whose it is cuts have shown, which did not shorten it."""
    wire = standing()
    assert not stands(wire, 5)
    assert not stands(wire, 2, lost=lambda i: i % 10 == 5)
