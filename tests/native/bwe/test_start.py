"""bwe/start: how wide a link is that the first pictures fill, against the packets themselves."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.bwe.flow import Flow, run
from tests.native.faces.bwe import Start
from tests.scenarios.network import Link

MS, KBPS, MBPS = 1000, 1000, 1_000_000


@given(st.lists(st.tuples(st.integers(0, 200 * MS), st.integers(0, 30 * MS), st.integers(1, 1500))))
def test_it_is_what_came_since_a_packet_hardly_waited(life):
    """Each packet: how long it waited, how long after the one before it came, its size."""
    start, at_us, since_us, came, gap_us = Start(), 1, None, 0, 0
    for waited_us, passed_us, size in life:
        at_us += passed_us
        start.packet(waited_us, at_us, size)
        if waited_us < 10 * MS:
            since_us, came, gap_us = at_us, 0, 0
        elif since_us is not None:
            came, gap_us = came + size, max(gap_us, passed_us)
        known = came >= 5000 and at_us - since_us >= max(1, 3 * gap_us)
        assert start.bps(59 * MS) == 0
        assert start.bps(60 * MS) == pytest.approx(
            8e6 * came / (at_us - since_us) if known else 0
        )


def test_packets_of_one_moment_tell_no_rate():
    start = Start()
    for waited_us in (0, *[70 * MS] * 10):
        start.packet(waited_us, 1, 1200)
    assert start.bps(60 * MS) == 0


def test_a_link_that_stands_still_for_a_moment_is_not_narrow():
    """What was sent meanwhile comes at once, 150 ms late."""
    start = Start()
    for i in range(50):
        sent_us = 1 + 10 * MS * i
        arrival_us = max(sent_us, 350 * MS + 100 * i) if i >= 20 else sent_us
        start.packet(arrival_us - sent_us, arrival_us, 1200)
        assert start.bps(60 * MS) == 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rate", [300 * KBPS, 500 * KBPS, MBPS])
def test_a_link_that_is_far_too_narrow_is_known_within_400_ms(rate, seed):
    chance = random.Random(seed)
    link = Link(chance, delay_us=10 * MS, rate_bps=rate)
    flow = Flow(link, chance, video_bps=lambda bps: 4 * MBPS)
    run([flow], 0.4)
    assert flow.estimator.proven
    assert 0.75 * rate < flow.estimator.bps < 1.05 * rate


@pytest.mark.parametrize("seed", range(4))
def test_what_the_first_pictures_lose_is_no_loss_of_the_link(seed):
    chance = random.Random(seed)
    link = Link(chance, delay_us=10 * MS, rate_bps=500 * KBPS)
    flow = Flow(link, chance)
    flow.video_bps = lambda bps: 0.7 * bps if flow.estimator.proven else 4 * MBPS
    run([flow], 3)
    assert flow.estimator.state["loss"] == 0
    assert min(flow.estimates[50:]) > 0.75 * 500 * KBPS


@pytest.mark.parametrize("seed", range(4))
def test_a_link_that_is_wide_enough_has_no_bound(seed):
    chance = random.Random(seed)
    flow = Flow(Link(chance, delay_us=10 * MS, rate_bps=20 * MBPS), chance,
                video_bps=lambda bps: 2 * MBPS)  # fmt: skip
    run([flow], 0.9)
    assert not flow.estimator.proven
