"""What does not fit is suspended and told, sound never; and it comes back when it fits."""

from itertools import pairwise

import pytest

from tests.scenarios.call import Call, call
from tests.scenarios.test_estimate import KBPS, estimate, two

WHOLE, REDUCED, NONE = range(3)  # forwarding/event: Fit


def fits(opened: Call, outbound: int) -> list[int]:
    """How much of the stream fits, each time that it was told."""
    return [
        detail for kind, handle, detail in opened.events if kind == "fit" and handle == outbound
    ]


def told(opened: Call, outbound: int) -> list[bool]:
    """Each time that the stream was suspended or let go on."""
    suspended = [False, *(fit == NONE for fit in fits(opened, outbound))]
    return [now for before, now in pairwise(suspended) if now != before]


@pytest.mark.parametrize("seed", range(3))
def test_video_that_does_not_fit_is_suspended_and_sound_is_whole(seed: int) -> None:
    """150 kbit/s, and a camera of 400."""
    with call(seed) as opened:
        _, receiver, outbound, _ = two(opened)
        receiver.down.rate_bps = 150 * KBPS
        opened.run(6)
        assert told(opened, outbound)[0] is True
        receiver.heard.clear()
        sent = int(opened.row(outbound)["packets"])
        opened.run(20)
        assert int(opened.row(outbound)["packets"]) == sent
        assert len(receiver.heard) >= 0.99 * 20 * 50
        assert told(opened, outbound) == [True]
        assert 0.7 * 150 * KBPS < estimate(opened, receiver) < 1.25 * 150 * KBPS


@pytest.mark.parametrize("seed", range(3))
def test_it_comes_back_when_the_link_is_wide_again(seed: int) -> None:
    with call(seed) as opened:
        _, receiver, outbound, viewer = two(opened)
        receiver.down.rate_bps = 150 * KBPS
        opened.run(10)
        assert told(opened, outbound) == [True]
        receiver.down.rate_bps = 3000 * KBPS
        opened.run(5)
        assert told(opened, outbound) == [True, False]
        opened.run(5)
        assert viewer.shown[-1] >= max(viewer.frames) - 10
        assert receiver.filler > 0


@pytest.mark.parametrize("seed", range(3))
def test_video_that_fits_is_not_suspended(seed: int) -> None:
    with call(seed) as opened:
        _, receiver, outbound, viewer = two(opened)
        receiver.down.rate_bps = 700 * KBPS
        opened.run(20)
        assert told(opened, outbound) == []
        assert viewer.shown[-1] > 20 * 30 * 0.95


@pytest.mark.parametrize("seed", range(3))
def test_of_two_videos_one_is_suspended(seed: int) -> None:
    """650 kbit/s for two cameras of 400: one is seen whole, and stays."""
    with call(seed) as opened:
        _, receiver, first, _ = two(opened)
        other = opened.join("other")
        second, _ = opened.watch(receiver, opened.film(other), numbered=True)
        receiver.down.rate_bps = 650 * KBPS
        opened.run(15)
        told_before = len(told(opened, first) + told(opened, second))
        receiver.heard.clear()
        sent = [int(opened.row(each)["packets"]) for each in (first, second)]
        opened.run(10)
        sent = [int(opened.row(each)["packets"]) - before for each, before in
                zip((first, second), sent, strict=True)]  # fmt: skip
        assert len(receiver.heard) > 0.97 * 10 * 50
        assert max(sent) > 0.6 * 10 * 30 * 2.5
        assert len(told(opened, first) + told(opened, second)) - told_before <= 4


def test_without_numbers_nothing_is_suspended() -> None:
    with call() as opened:
        _, _, outbound, _ = two(opened, numbered=False)
        opened.run(5)
        assert told(opened, outbound) == []


def test_a_paused_stream_that_is_suspended_goes_on_when_neither_holds() -> None:
    with call() as opened:
        _, receiver, outbound, viewer = two(opened)
        receiver.down.rate_bps = 150 * KBPS
        opened.run(6)
        opened.world.pause(outbound, True)
        receiver.down.rate_bps = 5000 * KBPS
        opened.run(6)
        shown = len(viewer.shown)
        opened.world.pause(outbound, False)
        opened.run(6)
        assert len(viewer.shown) > shown + 60
