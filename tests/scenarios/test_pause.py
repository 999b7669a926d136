"""Pause and resume: the receiver sees no gap in numbers, and time goes on."""

from tests.scenarios.call import Call, call


def begun(run: Call) -> list[int]:
    """The outbound streams that are told to have begun so far."""
    return [stream for kind, stream, _ in run.events if kind == "begun"]


def test_numbers_go_on_without_a_gap_and_timestamps_by_the_source() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        outbound, viewer = run.watch(bob, run.film(ann))
        run.run(2)
        run.world.pause(outbound, True)
        run.run(0.1)
        before, frames = max(viewer.numbers), max(viewer.frames)
        run.run(3)
        assert max(viewer.numbers) == before
        run.world.pause(outbound, False)
        run.run(2)
        assert sorted(viewer.numbers) == list(range(min(viewer.numbers), max(viewer.numbers) + 1))
        resumed = min(frame for frame in viewer.frames if frame > frames)
        elapsed = (viewer.timestamps[resumed] - viewer.timestamps[frames]) & 0xFFFFFFFF
        assert abs(elapsed - (resumed - frames) * 3000) < 200
        assert viewer.shown[-1] >= ann.cameras[0].frame - 2


def test_resuming_asks_for_a_key_frame_and_begins_with_it() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        outbound, viewer = run.watch(bob, run.film(ann))
        run.run(1)
        keys = ann.cameras[0].key_frames
        run.world.pause(outbound, True)
        run.run(1)
        shown = len(viewer.shown)
        run.world.pause(outbound, False)
        run.run(1)
        assert ann.cameras[0].key_frames == keys + 1
        first = viewer.shown[shown]
        assert viewer.frames[first] == {-2}  # decodable by itself


def test_who_begins_paused_gets_nothing_and_begins_with_a_key_frame_when_let_go() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        outbound, viewer = run.watch(bob, run.film(ann), paused=True)
        run.run(1)
        assert not viewer.numbers
        run.world.pause(outbound, False)
        run.run(1)
        assert viewer.frames[viewer.shown[0]] == {-2}  # decodable by itself


def test_the_first_frame_of_each_video_is_told_once() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        film = run.film(ann)
        outbound, _ = run.watch(bob, film, paused=True)
        run.run(1)
        assert begun(run) == []
        for paused in (False, True, False):
            run.world.pause(outbound, paused)
            run.run(1)
        assert begun(run) == [outbound]


def test_pausing_often_under_loss_and_jitter_never_reuses_an_index() -> None:
    """Participant compares all datagrams under one SRTP index."""
    with call(3) as run:
        ann = run.join("ann", loss=0.05, jitter_us=30_000)
        bob = run.join("bob", loss=0.05, jitter_us=30_000)
        film = run.film(ann)
        outbounds = [run.watch(bob, film, rtx=rtx)[0] for rtx in (True, False)]
        for turn in range(40):
            run.run(0.5)
            run.world.pause(outbounds[turn % 2], turn % 4 < 2)
        assert len(bob.ledger) > 1500
