"""bwe/probe: what a cluster is, and what its arrivals show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.bwe import Probe

IDLE, SENDING, AWAITED = 0, 1, 2
MS, SECOND_US = 1000, 1_000_000
MBPS = 1_000_000


def send(probe, now_us=0, size=250):
    """Send the whole cluster, as its owner does each millisecond: [(number, when)]."""
    sent, start_us = [], now_us
    while probe.state == SENDING:
        assert now_us - start_us < SECOND_US
        while probe.owed(now_us) > 0:
            probe.sent(len(sent), size, now_us)
            sent.append((len(sent), now_us))
        now_us += MS
    return sent


def through(probe, sent, link_bps, size=250, delay_us=20 * MS, estimate=0, **shared):
    """Its arrivals behind a link of that rate; the result at the end of it."""
    free_us = 0
    for _, at in sent:
        free_us = max(free_us, at) + size * 8e6 / link_bps
        probe.arrival(at, int(free_us) + delay_us, size)
    return probe.result(sent[-1][0], estimate, sent[-1][1] + 100 * MS, **shared)


def test_nothing_more_is_wanted_no_probe():
    assert not Probe().begin(MBPS, MBPS, 0)
    assert not Probe().begin(MBPS, 500_000, 0)


def test_at_first_twice_the_estimate_but_not_beyond_what_is_wanted():
    probe = Probe()
    assert probe.begin(300_000, 10 * MBPS, 0)
    assert probe.bps == 600_000
    probe = Probe()
    assert probe.begin(MBPS, 1.1 * MBPS, 0)
    assert probe.bps == pytest.approx(1.06 * 1.1 * MBPS)


@given(st.integers(50_000, 20 * MBPS), st.floats(1.01, 10))
def test_it_adds_25_ms_of_queue_at_most_to_a_full_link(estimate, more):
    probe = Probe()
    assert probe.begin(estimate, more * estimate, 0)
    seconds = probe.bytes * 8 / probe.bps
    assert (probe.bps - estimate) / estimate * seconds <= 0.025 + 1e-6


@pytest.mark.parametrize("share", [0.3, 0.8, 1.3, 1.9])
def test_a_narrower_link_shows_its_rate(share):
    probe = Probe()
    probe.begin(MBPS, 10 * MBPS, 0)
    link = share * probe.bps
    found = through(probe, send(probe), link)
    expected = probe.bps if share > 1 else 0.95 * link
    assert found == pytest.approx(expected, rel=0.2)


def test_one_that_got_through_is_followed_at_once():
    probe = Probe()
    probe.begin(MBPS, 10 * MBPS, 0)
    sent = send(probe)
    assert through(probe, sent, 100 * MBPS) > 0
    assert probe.begin(2 * MBPS, 10 * MBPS, sent[-1][1] + 100 * MS)
    assert probe.bps == 4 * MBPS


def test_one_that_showed_nothing_is_tried_again_after_1_to_2_seconds():
    probe, now_us, waits = Probe(), 0, []
    for _ in range(6):
        assert probe.begin(MBPS, 10 * MBPS, now_us)
        sent = send(probe, now_us)
        end_us = sent[-1][1] + 100 * MS
        assert probe.result(sent[-1][0], MBPS, end_us) == 0
        waits.append((probe.due_us - end_us) / SECOND_US)
        assert not probe.begin(MBPS, 10 * MBPS, probe.due_us - 1)
        now_us = probe.due_us
    assert waits == pytest.approx([1, 1.5, 2, 2, 2, 2])


def test_after_one_that_failed_the_next_is_smaller():
    probe = Probe()
    probe.begin(MBPS, 10 * MBPS, 0)
    sent = send(probe)
    probe.result(sent[-1][0], MBPS, 100 * MS)
    probe.begin(MBPS, 10 * MBPS, probe.due_us)
    assert probe.bps == 1.5 * MBPS


def test_where_others_may_be_on_the_link_the_next_one_has_to_confirm_what_was_found():
    """Else it may only have pushed them aside: it is sent at once, at what has arrived."""
    probe = Probe()
    probe.begin(MBPS, 10 * MBPS, 0)
    sent = send(probe)
    assert through(probe, sent, 1.7 * MBPS, estimate=MBPS, shared=True) == 0
    now_us = sent[-1][1] + 100 * MS
    assert probe.begin(MBPS, 10 * MBPS, now_us)
    assert probe.bps == pytest.approx(0.95 * 1.7 * MBPS, rel=0.1)
    assert through(probe, send(probe, now_us), 1.7 * MBPS, shared=True) == pytest.approx(probe.bps)


def test_where_it_shows_no_more_than_there_is_it_has_failed():
    probe = Probe()
    probe.begin(MBPS, 10 * MBPS, 0)
    sent = send(probe)
    assert through(probe, sent, MBPS, estimate=MBPS, shared=True) == 0
    assert not probe.begin(MBPS, 10 * MBPS, sent[-1][1] + 900 * MS)


def test_too_few_arrivals_show_nothing():
    probe = Probe()
    probe.begin(MBPS, 10 * MBPS, 0)
    sent = send(probe)
    assert through(probe, sent[: len(sent) * 7 // 10], 100 * MBPS) == 0


def test_lost_feedback_does_not_end_probing():
    probe = Probe()
    probe.begin(MBPS, 10 * MBPS, 0)
    send(probe)
    assert not probe.begin(MBPS, 10 * MBPS, 900 * MS)
    assert not probe.begin(MBPS, 10 * MBPS, 1500 * MS)
    assert probe.begin(MBPS, 10 * MBPS, 4 * SECOND_US)


def test_congestion_ends_it():
    probe = Probe()
    probe.begin(MBPS, 10 * MBPS, 0)
    probe.cancel(0)
    assert probe.state == IDLE
    assert not probe.begin(MBPS, 10 * MBPS, 2_499 * MS)
    assert probe.begin(MBPS, 10 * MBPS, 2_500 * MS)


def test_its_feedback_is_awaited_to_the_last_packet():
    probe = Probe()
    probe.begin(MBPS, 10 * MBPS, 0)
    sent = send(probe)
    assert probe.state == AWAITED
    assert probe.result(sent[-1][0] - 1, MBPS, 0) == 0
    assert probe.state == AWAITED
