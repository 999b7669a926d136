"""On a link that has been full, what is too large waits: in order, and not for long."""

import statistics

import pytest

from tests.scenarios.call import call
from tests.scenarios.test_estimate import KBPS, estimate, two


@pytest.mark.parametrize("seed", range(3))
def test_a_link_that_never_was_full_is_not_paced(seed: int) -> None:
    with call(seed) as opened:
        _, _, _, viewer = two(opened)
        opened.run(10)
        assert opened.world.counters()["packets_paced"] == 0
        assert viewer.shown[-1] > 290


@pytest.mark.parametrize("seed", range(3))
def test_frames_that_are_too_large_wait_and_all_is_shown(seed: int) -> None:
    """Of a camera that nearly fills the link: its key frames are five times as large."""
    with call(seed) as opened:
        publisher, receiver, _, viewer = two(opened)
        receiver.down.rate_bps = 600 * KBPS
        for _ in range(20):
            opened.run(1)
            publisher.cameras[0].wants_key = True
        assert opened.world.counters()["packets_paced"] > 0
        assert receiver.numbers == list(range(len(receiver.numbers)))
        assert viewer.shown[-1] > 20 * 30 * 0.8
        assert statistics.median(receiver.down.waits_us) < 100_000


@pytest.mark.parametrize("seed", range(3))
def test_sound_does_not_wait_for_pictures(seed: int) -> None:
    with call(seed) as opened:
        _, receiver, _, _ = two(opened)
        receiver.down.rate_bps = 400 * KBPS
        opened.run(5)
        receiver.heard.clear()
        opened.run(10)
        assert len(receiver.heard) > 0.97 * 10 * 50
        assert estimate(opened, receiver) > 0


def test_a_transport_that_ends_while_packets_wait_leaves_none() -> None:
    with call() as opened:
        publisher, receiver, _, _ = two(opened)
        receiver.down.rate_bps = 300 * KBPS
        for _ in range(200):
            opened.run(0.05)
            publisher.cameras[0].wants_key = True
            if opened.world.counters()["packets_paced"]:
                break
        opened.world.close("transport", receiver.transport)
        opened.run(1)
        opened.world.close("transport", publisher.transport)
        opened.run(0.1)
        assert opened.world.counters()["buffers_used"] == 0
