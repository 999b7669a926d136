"""The closed loop: a sender that follows its estimate over a bottleneck, on virtual time."""

import random
import statistics

import pytest

from tests.native.bwe.download import Download
from tests.native.bwe.flow import Flow, run
from tests.scenarios.network import Link

SEEDS = range(4)
KBPS, MBPS = 1000, 1_000_000


def alone(seed, rate_bps, *, delay_us=10_000, loss=0.0, **flow):
    chance = random.Random(seed)
    link = Link(chance, delay_us=delay_us, rate_bps=int(rate_bps), loss=loss)
    return Flow(link, chance, back_us=delay_us, **flow)


def queue_ms(link):
    return statistics.median(link.waits_us) / 1000


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rtt_ms", [20, 150])
@pytest.mark.parametrize("rate", [200 * KBPS, 500 * KBPS, MBPS, 2 * MBPS])
def test_it_comes_to_80_to_100_percent_of_the_link(rate, rtt_ms, seed):
    flow = alone(seed, rate, delay_us=rtt_ms * 500)
    run([flow], 30)
    assert 0.8 * rate <= flow.average(5, 30) <= 1.02 * rate, flow.estimator.state
    assert queue_ms(flow.link) < 100
    assert flow.link.carried * 8 / 30 > 0.7 * rate


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("loss", [0.02, 0.05])
def test_random_loss_does_not_cut_it(loss, seed):
    flow = alone(seed, 2 * MBPS, loss=loss, delay_us=30_000)
    run([flow], 30)
    assert flow.average(5, 30) >= 0.8 * 2 * MBPS, flow.estimator.state


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fall_from_2_to_half_a_megabit_is_answered_within_a_second(seed):
    flow = alone(seed, 2 * MBPS)
    run([flow], 20, {10.0: lambda: setattr(flow.link, "rate_bps", 500 * KBPS)})
    assert flow.estimates[1100] <= 500 * KBPS, flow.estimator.state
    assert flow.average(12, 20) >= 0.8 * 500 * KBPS


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("used", [1.0, 0.0])
def test_a_rise_from_half_to_2_megabits_is_found_within_5_seconds(seed, used):
    """Whether the sender uses what it may, or has nothing that fits: then by probes alone."""
    video = (lambda bps: 0.92 * bps - 70 * KBPS) if used else (lambda bps: 0)
    flow = alone(seed, 500 * KBPS, video_bps=video)
    run([flow], 20, {10.0: lambda: setattr(flow.link, "rate_bps", 2 * MBPS)})
    assert flow.average(8, 10) <= 1.1 * 500 * KBPS
    assert max(flow.estimates[1000:1500]) >= 0.8 * 2 * MBPS, flow.estimator.state


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rate", [MBPS, 2 * MBPS])
def test_two_flows_share_a_link_within_2_to_1(rate, seed):
    chance = random.Random(seed)
    link = Link(chance, delay_us=10_000, rate_bps=rate)
    flows = [Flow(link, chance, name=i) for i in range(2)]
    run(flows, 60)
    shares = sorted(flow.average(20, 60) for flow in flows)
    assert shares[1] <= 2 * shares[0]
    assert sum(shares) >= 0.7 * rate
    assert queue_ms(link) < 100


@pytest.mark.parametrize("seed", SEEDS)
def test_a_second_flow_gets_its_share_within_20_seconds(seed):
    chance = random.Random(seed)
    link = Link(chance, delay_us=10_000, rate_bps=2 * MBPS)
    first, second = (Flow(link, chance, name=i) for i in range(2))
    second.audio_us = second.video_us = 20_000_000
    run([first, second], 60)
    shares = [flow.average(40, 60) for flow in (first, second)]
    assert max(shares) <= 2.2 * min(shares), shares


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_not_used_stays_where_it_is_and_is_not_probed(seed):
    """150 kbit/s of video over 1 Mbit/s, of which no more is wanted."""
    flow = alone(seed, MBPS, video_bps=lambda bps: 150 * KBPS, wanted_bps=200 * KBPS)
    run([flow], 30)
    assert flow.filler_bytes == 0
    assert min(flow.estimates) == flow.estimates[0]
    assert queue_ms(flow.link) < 20


@pytest.mark.parametrize("seed", SEEDS)
def test_probes_find_what_is_wanted_and_add_little_queue(seed):
    """Sound alone, and video of 800 kbit/s that would be sent if it fitted."""
    flow = alone(seed, MBPS, video_bps=lambda bps: 0, wanted_bps=800 * KBPS)
    run([flow], 30)
    assert flow.estimates[300] >= 800 * KBPS, flow.estimator.state
    assert flow.filler_bytes < 40_000
    assert max(flow.link.waits_us) < 40_000


@pytest.mark.parametrize("seed", SEEDS)
def test_probes_on_a_full_link_do_not_lower_it(seed):
    flow = alone(seed, 500 * KBPS, video_bps=lambda bps: 300 * KBPS)
    run([flow], 60)
    assert flow.average(10, 60) >= 0.8 * 500 * KBPS
    assert queue_ms(flow.link) < 40


@pytest.mark.parametrize("seed", SEEDS)
def test_an_outage_of_200_ms_costs_nothing(seed):
    flow = alone(seed, 2 * MBPS)

    def outage():
        flow.link.loss = 1.0

    def end():
        flow.link.loss = 0.0

    events = {at + off: act for at in (10.0, 15.0) for off, act in ((0, outage), (0.2, end))}
    run([flow], 20, events)
    assert flow.average(11, 20) >= 0.7 * 2 * MBPS


@pytest.mark.parametrize("seed", SEEDS)
def test_lost_feedback_costs_little(seed):
    flow = alone(seed, MBPS, back_loss=0.1)
    run([flow], 30)
    assert flow.average(5, 30) >= 0.75 * MBPS


def beside_a_download(seed, *, cubic, queue_ms=200, **flow):
    """(rate of the flow, of the download), bits a second, from 6 to 30 seconds after it began."""
    chance = random.Random(seed)
    link = Link(chance, delay_us=10_000, rate_bps=2 * MBPS, queue_us=queue_ms * 1000)
    one = Flow(link, chance, **flow)
    other = Download(link, chance, cubic=cubic, begins_us=8_000_000)
    before = []
    run([one, other], 38, {14.0: lambda: before.extend([one.sent_bytes, other.received_bytes])})
    after = one.sent_bytes, other.received_bytes
    return [(now - then) * 8 / 24 for now, then in zip(after, before, strict=True)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("queue_ms", [100, 200, 300])
@pytest.mark.parametrize("cubic", [True, False])
def test_a_download_by_tcp_takes_two_thirds_at_most_and_leaves_no_less(cubic, queue_ms, seed):
    shares = beside_a_download(seed, cubic=cubic, queue_ms=queue_ms)
    assert max(shares) <= 2 * min(shares), shares
    assert sum(shares) > 0.9 * 2 * MBPS


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("cubic", [True, False])
def test_when_the_download_is_over_all_of_the_link_is_found_again(cubic, seed):
    chance = random.Random(seed)
    link = Link(chance, delay_us=10_000, rate_bps=2 * MBPS)
    flow = Flow(link, chance)
    other = Download(link, chance, cubic=cubic, begins_us=8_000_000, ends_us=20_000_000)
    run([flow, other], 40)
    assert flow.average(27, 40) >= 0.8 * 2 * MBPS
    link.waits_us = link.waits_us[-5000:]
    assert queue_ms(link) < 100
