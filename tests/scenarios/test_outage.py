"""A link that is away for a while is no narrow link: all is as before once it is back."""

import statistics

import pytest

from tests.scenarios import rtcp
from tests.scenarios.call import Call, call
from tests.scenarios.ladder import WatchedLadder
from tests.scenarios.participant import Participant
from tests.scenarios.test_allocation import told
from tests.scenarios.test_estimate import KBPS, estimate, two
from tests.scenarios.test_rungs import shown, watching


def cut(participant: Participant, off: bool) -> None:
    participant.up.loss = participant.down.loss = float(off)


def lose(opened: Call, participant: Participant, seconds: float) -> None:
    cut(participant, True)
    opened.run(seconds)
    cut(participant, False)


def picture_after(opened: Call, there: WatchedLadder, seconds: float) -> tuple[float, int]:
    """Time until the first whole one that needs nothing of before, in seconds, and its rung."""
    since_us = opened.world.now_us
    opened.run(seconds)
    first = next(one for one in there.viewer.pictures if one.at_us > since_us and one.key)
    return (first.at_us - since_us) / 1e6, first.rung


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("kbps", "rung", "lost"), [(0, 2, 10), (1000, 2, 1.5), (410, 1, 1.5), (410, 1, 10)]
)
def test_the_picture_is_back_within_a_second_and_as_large(
    kbps: int, rung: int, lost: float, seed: int
) -> None:
    with call(seed) as opened:
        there = watching(opened, kbps)
        opened.run(15)
        before = estimate(opened, there.receiver)
        lose(opened, there.receiver, lost)
        took, rung_then = picture_after(opened, there, 3)
        assert (took < 0.8, rung_then) == (True, rung), took
        assert estimate(opened, there.receiver) > 0.6 * before
        opened.run(3)
        assert told(opened, there.outbound) == []


def test_the_first_packet_through_shows_what_is_missing() -> None:
    """After 200 ms of nothing: packets are spread over the time between two frames meanwhile, so
    that one comes at once. What it is asked for then is there three ways of 20 ms after the link.
    """
    with call() as opened:
        there = watching(opened)
        there.publisher.cameras[2].usual_packets = 6, 6
        opened.run(15)
        took = []
        for phase in range(12):
            opened.run(1.5 + 0.003 * phase)
            begun = there.publisher.cameras[2].frame + 1
            lose(opened, there.receiver, 0.2)
            since_us = opened.world.now_us
            opened.run(0.3)
            first = next(one for one in there.viewer.pictures if one.frame >= begun)
            took.append((first.at_us - since_us) / 1000)
        assert max(took) < 85
        assert statistics.mean(took) < 68


@pytest.mark.parametrize("seed", range(2))
def test_a_picture_without_any_sound_comes_back_too(seed: int) -> None:
    with call(seed) as opened:
        there = watching(opened, 420)
        opened.run(12)
        there.publisher.microphones[0].on = False
        lose(opened, there.receiver, 10)
        assert picture_after(opened, there, 5)[0] < 3


@pytest.mark.parametrize("seed", range(2))
def test_what_was_too_narrow_before_is_so_afterwards(seed: int) -> None:
    with call(seed) as opened:
        _, receiver, outbound, _ = two(opened)
        receiver.down.rate_bps = 150 * KBPS
        opened.run(10)
        lose(opened, receiver, 10)
        opened.run(10)
        assert told(opened, outbound) == [True]
        assert 0.7 * 150 * KBPS < estimate(opened, receiver) < 1.25 * 150 * KBPS


@pytest.mark.parametrize("seed", range(2))
def test_feedback_alone_that_is_lost_costs_no_picture(seed: int) -> None:
    """The way back is away: whatever arrives meanwhile needs no feedback."""
    with call(seed) as opened:
        there = watching(opened)
        opened.run(6)
        there.receiver.up.loss = 1.0
        opened.run(3)
        there.receiver.up.loss = 0.0
        assert shown(opened, there, 10) == [2]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("loss", [0.3, 0.7])
def test_feedback_that_is_lost_in_part_costs_nothing(loss: float, seed: int) -> None:
    with call(seed) as opened:
        there = watching(opened)
        opened.run(4)
        begun = len(there.viewer.pictures)
        there.receiver.up.loss = loss
        assert shown(opened, there, 15) == [2]
        assert len(there.viewer.pictures) - begun >= 28 * 15
        assert told(opened, there.outbound) == []


@pytest.mark.parametrize("seed", range(2))
def test_who_tells_nothing_but_reports_that_it_receives_is_not_away(seed: int) -> None:
    """Its transport-wide feedback is lost, for whatever reason, as long as that lasts."""
    with call(seed) as opened:
        there = watching(opened)
        opened.run(4)
        there.receiver.tells = False
        begun = len(there.viewer.pictures)
        for _ in range(10):
            opened.run(1)
            report(opened, there)
        assert shown(opened, there, 0.1) == [2]
        assert len(there.viewer.pictures) - begun >= 28 * 10


def report(opened: Call, there: WatchedLadder) -> None:
    """Of the picture, up to the newest packet that came."""
    block = rtcp.report_block(there.viewer.ssrc, highest=there.viewer.highest)
    receiver = there.receiver
    receiver.send_rtcp(opened.world.now_us, rtcp.receiver_report(receiver.receiver_ssrc, block))
