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
def test_a_frame_fills_no_queue_however_large_it_is(seed: int) -> None:
    """Also one that nothing was sent before: what is through within 40 ms leaves at once."""
    with call(seed) as opened:
        publisher, receiver, outbound, _ = two(opened)
        (camera,) = publisher.cameras
        receiver.down.rate_bps = 600 * KBPS
        opened.run(10)
        opened.world.pause(outbound, True)
        camera.key_packets = (60, 60)  # 40 kB, of a queue of 15
        opened.run(1)
        opened.world.pause(outbound, False)
        dropped = receiver.down.dropped
        receiver.down.waits_us.clear()
        opened.run(0.6)
        assert receiver.down.dropped == dropped
        assert max(receiver.down.waits_us) < 150_000


@pytest.mark.parametrize("paused", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_key_frame_may_take_its_time(seed: int, paused: bool) -> None:
    """Of a shared screen, on a link that takes more than a second for it, where a picture begins or
    is refreshed: what waited longer than a picture may otherwise was given up, which asked for the
    next key frame, and so on for ever. The viewer, too, asks for another meanwhile."""
    with call(seed) as opened:
        publisher, receiver, outbound, viewer = two(opened)
        (camera,) = publisher.cameras
        receiver.down.rate_bps = 600 * KBPS
        opened.run(10)
        opened.world.pause(outbound, paused)
        camera.key_packets = (110, 110)
        opened.run(1)
        camera.frame_us = 200_000
        camera.wants_key = not paused
        opened.world.pause(outbound, False)
        keys, shown = camera.key_frames, len(viewer.shown)
        receiver.heard.clear()
        opened.run(5)
        assert camera.key_frames - keys <= 2
        assert len(viewer.shown) > shown + 5 * 5 * 0.8
        assert len(receiver.heard) > 0.97 * 5 * 50


@pytest.mark.parametrize("seed", range(3))
def test_a_large_picture_waits_longer_where_a_keyframe_would_take_longer_still(seed: int) -> None:
    """A page of text that is scrolled: each picture takes most of a second, a keyframe three."""
    with call(seed) as opened:
        publisher, receiver, _, viewer = two(opened)
        (camera,) = publisher.cameras
        receiver.down.rate_bps = 600 * KBPS
        opened.run(10)
        camera.key_packets, camera.usual_packets = (110, 110), (36, 36)
        camera.frame_us = 2_000_000
        camera.wants_key = True
        opened.run(12)
        keys, shown = camera.key_frames, len(viewer.shown)
        opened.run(20)
        assert camera.key_frames == keys
        assert len(viewer.shown) >= shown + 9


@pytest.mark.parametrize("seed", range(3))
def test_sound_does_not_wait_for_pictures(seed: int) -> None:
    with call(seed) as opened:
        _, receiver, _, _ = two(opened)
        receiver.down.rate_bps = 500 * KBPS
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
