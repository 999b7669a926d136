"""Probes find what is wanted and fits, add little to the queue, and stop when there is enough."""

import pytest

from tests.scenarios.call import call
from tests.scenarios.test_estimate import KBPS, estimate, two


@pytest.mark.parametrize("seed", range(3))
def test_no_probe_when_all_that_is_wanted_flows(seed: int) -> None:
    with call(seed) as opened:
        _, receiver, _, _ = two(opened)
        opened.run(3)
        filler = receiver.filler
        opened.run(10)
        assert receiver.filler == filler


@pytest.mark.parametrize("seed", range(3))
def test_probes_onto_a_narrow_link_add_25_ms_at_most(seed: int) -> None:
    """Sound alone is left on 150 kbit/s; each probe's queue is over before the next."""
    with call(seed) as opened:
        _, receiver, _, _ = two(opened)
        receiver.down.rate_bps = 150 * KBPS
        opened.run(8)
        receiver.down.waits_us.clear()
        before = receiver.filler
        opened.run(20)
        assert receiver.filler > before
        assert max(receiver.down.waits_us) < 60_000
        assert estimate(opened, receiver) < 1.25 * 150 * KBPS


@pytest.mark.parametrize("seed", range(3))
def test_the_video_that_comes_back_ends_them(seed: int) -> None:
    with call(seed) as opened:
        _, receiver, _, _ = two(opened)
        receiver.down.rate_bps = 150 * KBPS
        opened.run(8)
        receiver.down.rate_bps = 5000 * KBPS
        opened.run(6)
        filler = receiver.filler
        opened.run(10)
        assert receiver.filler == filler
        assert estimate(opened, receiver) > 400 * KBPS
