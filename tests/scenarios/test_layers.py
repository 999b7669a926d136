"""SVC with dependency descriptors: a receiver goes from layer to layer, and what it gets decodes,
although the server cannot read a byte of the payload."""

from itertools import pairwise

import pytest

from tests.native.faces.layers import Templates
from tests.scenarios.call import Call, call
from tests.scenarios.ladder import watched_ladder
from tests.scenarios.layers import Forgetful, LayerViewer, watch_layers

TOP = 255
MODES = pytest.mark.parametrize("mode", ["L2T1", "L2T1_KEY"])


def layers(viewer: LayerViewer, since_us: int = 0) -> list[int]:
    """In the order in which they were shown."""
    shown = [one.layer for one in viewer.pictures if one.at_us >= since_us]
    return [now for before, now in zip([None, *shown], shown, strict=False) if now != before]


def check(viewer: LayerViewer) -> None:
    assert all(one.decodes for one in viewer.pictures), viewer.pictures
    assert viewer.bare == 0
    assert sorted(viewer.numbers) == list(range(min(viewer.numbers), max(viewer.numbers) + 1))


def aim(run: Call, flow: list[int], spatial: int, seconds: float, *, at_once: bool = False) -> int:
    begun = run.world.now_us
    inbound, outbound = flow
    run.world.aim(outbound, inbound, spatial, TOP, at_once)
    run.run(seconds)
    return begun


@MODES
def test_the_whole_picture_flows_with_its_descriptors(mode: str) -> None:
    with call() as run:
        camera, viewer, *_ = watch_layers(run, mode)
        run.run(2)
        check(viewer)
        assert layers(viewer) == [1]
        assert len(viewer.pictures) >= 55
        assert camera.key_frames <= 2
        # Without a switch the frames keep their numbers.
        shown = viewer.frame_numbers
        assert {(shown[one, 1] - shown[one, 0]) & 0xFFFF for one, s in shown if s == 0 and (
            (one, 1) in shown)} == {1}  # fmt: skip


def test_between_keyframes_the_lower_layer_of_k_svc_stays_away() -> None:
    with call() as run:
        _, viewer, *_ = watch_layers(run, "L2T1_KEY")
        run.run(1)
        begun = max(one.frame for one in viewer.pictures)
        run.run(1)
        assert not [frame for frame, layer in viewer.parts if layer == 0 and frame > begun + 3]
        check(viewer)


def test_down_at_once_without_a_keyframe_up_at_one() -> None:
    with call() as run:
        camera, viewer, _, *flow = watch_layers(run, "L2T1")
        run.run(1)
        keys = camera.key_frames
        begun = aim(run, flow, 0, 0.5)
        assert layers(viewer, begun + 60_000) == [0]
        assert camera.key_frames == keys
        begun = aim(run, flow, TOP, 1)
        assert layers(viewer, begun) == [0, 1]
        assert camera.key_frames == keys + 1
        check(viewer)
        times = [one.at_us for one in viewer.pictures]
        assert max(b - a for a, b in pairwise(times)) < 70_000


@pytest.mark.parametrize("at_once", [False, True])
def test_k_svc_goes_down_at_a_keyframe(at_once: bool) -> None:
    with call() as run:
        camera, viewer, _, *flow = watch_layers(run, "L2T1_KEY")
        run.run(1)
        keys = camera.key_frames
        begun = aim(run, flow, 0, 1, at_once=at_once)
        assert layers(viewer, begun + 150_000) == [0]
        assert camera.key_frames == keys + 1
        begun = aim(run, flow, TOP, 1)
        assert layers(viewer, begun) == [0, 1]
        assert camera.key_frames == keys + 2
        check(viewer)


@pytest.mark.parametrize("after_ms", range(0, 34, 3))
def test_down_between_two_pictures_whatever_has_come_of_one(after_ms: int) -> None:
    """Its packets take 16 ms to come. What is left of it would be waited for."""
    with call() as run:
        _, viewer, _, *flow = watch_layers(run, "L2T1")
        (publisher,) = (one for one in run.participants if one.name == "publisher")
        publisher.up.rate_bps = 2_000_000
        run.run(1 + after_ms / 1000)
        begun = aim(run, flow, 0, 0.5)
        assert layers(viewer, begun + 90_000) == [0]
        check(viewer)


@pytest.mark.parametrize("after_ms", range(0, 34, 3))
def test_no_picture_goes_out_in_part(after_ms: int) -> None:
    """Down to the lowest temporal layer, while one comes."""
    with call() as run:
        film = watched_ladder(run, rungs=1)
        (camera,) = film.encodings
        camera.share, camera.usual_packets, camera.key_packets = 1.0, (9, 10), (9, 10)
        film.publisher.up.rate_bps = 4_000_000
        run.run(1 + after_ms / 1000)
        run.world.aim(film.outbound, film.handles[0], TOP, 0, False)
        run.run(0.5)
        whole = {picture.frame for picture in film.viewer.pictures}
        assert set(film.viewer.parts) - whole <= {max(film.viewer.parts)}
        assert {picture.tid for picture in film.viewer.pictures[-3:]} == {0}


@MODES
@pytest.mark.parametrize("seed", range(3))
def test_losses_on_the_way_break_no_picture(mode: str, seed: int) -> None:
    with call(seed) as run:
        _, viewer, receiver, *flow = watch_layers(run, mode, delay_us=15_000, jitter_us=3_000)
        run.run(1)
        receiver.down.loss = 0.03
        for spatial in (0, TOP, 0, TOP):
            aim(run, flow, spatial, 1.5)
        run.run(1)
        pictures = viewer.pictures
        assert len([one for one in pictures if one.decodes]) >= 0.9 * (
            pictures[-1].frame - pictures[0].frame
        )
        assert viewer.bare == 0


@MODES
def test_when_the_sender_stops_its_upper_layer_the_lower_one_is_shown(mode: str) -> None:
    with call() as run:
        camera, viewer, *_ = watch_layers(run, mode)
        run.run(1)
        camera.active = 1
        begun = run.world.now_us
        run.run(2)
        shown = [one for one in viewer.pictures if one.at_us > begun + 1_000_000]
        assert {one.layer for one in shown} == {0}
        assert all(one.decodes for one in shown)
        assert len(shown) >= 28


def test_a_wish_bounds_the_layers() -> None:
    with call() as run:
        _, viewer, _, _, outbound = watch_layers(run, "L2T1")
        run.run(1)
        begun = run.world.now_us
        run.world.prefer(outbound, most_height=200)
        run.run(0.5)
        assert layers(viewer, begun + 60_000) == [0]
        run.world.prefer(outbound, most_height=360)
        run.run(1)
        assert layers(viewer, run.world.now_us - 200_000) == [1]
        run.world.prefer(outbound, most_layer=0)
        run.run(0.5)
        assert layers(viewer, run.world.now_us - 200_000) == [0]
        check(viewer)


@MODES
def test_a_wish_from_before_the_first_picture_bounds_the_layers(mode: str) -> None:
    """How many lines they have is known with that one."""
    with call() as run:
        _, viewer, _, _, outbound = watch_layers(run, mode)
        run.world.prefer(outbound, most_height=200)
        run.run(3)
        assert layers(viewer, run.world.now_us - 500_000) == [0]
        check(viewer)


@MODES
def test_on_a_narrow_link_the_lower_layer_flows_and_the_upper_one_returns(mode: str) -> None:
    with call() as run:
        camera, viewer, receiver, _, _ = watch_layers(run, mode)
        run.run(3)
        receiver.down.rate_bps = 500_000
        run.run(8)
        begun = run.world.now_us
        run.run(5)
        assert layers(viewer, begun) == [0]
        assert len([one for one in viewer.pictures if one.at_us >= begun]) >= 0.9 * 150
        assert all(one.decodes for one in viewer.pictures if one.at_us >= begun)
        receiver.down.rate_bps = 3_000_000
        run.run(8)
        assert layers(viewer, run.world.now_us - 500_000) == [1]
        assert camera.key_frames <= 8


@MODES
def test_who_joins_gets_the_structure_that_its_sender_does_not_repeat(mode: str) -> None:
    """Without it a decoder drops all that comes."""
    with call() as run:
        camera, viewer, _, inbound, _ = watch_layers(run, mode)
        camera.thrifty = True
        run.run(1)
        joins = run.join("joins")
        _, plain = run.watch(joins, inbound, numbered=True)
        joins.viewers[plain.ssrc] = watching = LayerViewer(plain.ssrc, plain.rtx_ssrc, mode=mode)
        before = camera.key_frames
        run.run(1)
        templates = Templates()
        assert all(templates.read(said) is not None for said in watching.descriptors)
        assert camera.key_frames == before + 1
        assert templates.known[2][:2] == [180, 360]
        for one in (viewer, watching):
            check(one)
        assert len(watching.pictures) >= 25


@pytest.mark.parametrize("seed", range(6))
def test_what_a_queue_drops_again_and_again_is_not_waited_for(seed: int) -> None:
    """A browser would: it asks ten times, and complains three seconds after the first."""
    with call(seed) as run:
        _, viewer, receiver, *_ = watch_layers(run, "L2T1", jitter_us=3_000)
        viewer.patience = 90
        receiver.down.rate_bps = 1_200_000
        run.run(8 + run.chance.random())
        begun = run.world.now_us
        receiver.down.rate_bps = 350_000
        run.run(8)
        times = [one.at_us for one in viewer.pictures if one.decodes]
        assert max(b - a for a, b in pairwise(times) if b > begun) < 1_300_000


@pytest.mark.parametrize("seed", range(6))
def test_what_a_receiver_asks_for_once_is_repeated_until_it_comes(seed: int) -> None:
    with call(seed) as run:
        _, viewer, receiver, *_ = watch_layers(run, "L2T1", Forgetful, delay_us=15_000)
        run.run(1)
        begun = run.world.now_us
        receiver.down.loss = 0.1
        run.run(15)
        times = [one.at_us for one in viewer.pictures if one.decodes]
        assert max(b - a for a, b in pairwise(times) if b > begun) < 700_000
