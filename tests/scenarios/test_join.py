"""Who comes later begins with a key frame, and many who come at once cost few of them."""

import pytest

from tests.scenarios.call import Call, call
from tests.scenarios.participant import Participant


def test_a_late_viewer_begins_with_a_key_frame_soon() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        film = run.film(ann)
        run.watch(bob, film)
        run.run(3)
        cem = run.join("cem")
        run.run(0.1)
        viewer = run.watch(cem, film)[1]
        start_us = run.world.now_us
        run.run(2)
        assert viewer.first_us is not None
        assert viewer.first_us - start_us < 700_000
        assert viewer.frames[min(viewer.frames)] == {-2}
        assert viewer.shown[0] == min(viewer.frames)


def test_twenty_viewers_at_once_share_key_frames() -> None:
    with call() as run:
        ann = run.join("ann")
        film = run.film(ann)
        others = [run.join(f"viewer {i}") for i in range(20)]
        run.run(0.1)
        viewers = [run.watch(other, film)[1] for other in others]
        run.run(3)
        assert ann.cameras[0].key_frames <= 3
        assert all(ann.cameras[0].frame - viewer.shown[-1] <= 3 for viewer in viewers)


def test_who_is_not_connected_yet_costs_no_key_frames() -> None:
    with call() as run:
        ann, bob, cem = (run.join(name) for name in ("ann", "bob", "cem"))
        cem.gone = True
        film = run.film(ann)
        run.watch(bob, film)
        run.run(1)
        keys = ann.cameras[0].key_frames
        viewer = run.watch(cem, film)[1]
        run.run(3)
        assert ann.cameras[0].key_frames == keys
        cem.gone = False
        run.run(0.3)
        assert ann.cameras[0].key_frames == keys + 1
        assert viewer.shown


def test_a_film_that_nobody_watches_is_not_asked_for_key_frames() -> None:
    with call() as run:
        ann = run.join("ann", loss=0.05)
        run.film(ann)
        run.run(5)
        assert ann.cameras[0].key_frames == 1
        assert ann.cameras[0].answered == 0


def test_a_closed_stream_says_goodbye() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        outbound, viewer = run.watch(bob, run.film(ann))
        run.run(1)
        run.world.close("outbound", outbound)
        run.run(0.1)
        assert viewer.ssrc in bob.byes


def test_what_comes_before_the_keys_is_not_lost() -> None:
    """ffmpeg begins with a key frame once its side of the handshake is done, and heeds no PLI."""
    with call() as run:
        bob, ann = run.join("bob"), run.join("ann", early=True)
        film = run.film(ann)
        viewer = run.watch(bob, film)[1]
        run.run(0.2)
        assert not viewer.shown
        assert ann.cameras[0].frame > 1
        ann.hand_over()
        run.run(0.1)
        assert viewer.shown[:5] == [0, 1, 2, 3, 4]
        assert ann.cameras[0].key_frames == 1


def test_a_receiver_may_close_right_after_the_keys_of_who_began_early() -> None:
    with call() as run:
        bob, ann = run.join("bob"), run.join("ann", early=True)
        viewer = run.watch(bob, run.film(ann))[1]
        run.run(0.2)
        ann.hand_over()
        run.world.close("transport", bob.transport)
        run.run(0.1)
        assert viewer.shown[:3] == [0, 1, 2]


def spoken_early(run: Call) -> tuple[Participant, Participant, int, int]:
    """(who spoke before the worker had the keys, a listener, the voice, its SSRC there)."""
    bob, ann = run.join("bob"), run.join("ann", early=True, delay_us=0)
    voice = run.speak(ann)
    _, ssrc = run.listen(bob, voice)
    run.run(0.1)
    ann.microphones[0].on = False
    return ann, bob, voice, ssrc


def heard(listener: Participant, ssrc: int) -> list[int]:
    return [place for of, _, _, place in listener.heard if of == ssrc]


@pytest.mark.parametrize("what", ["transport", "inbound"])
def test_who_began_early_may_leave_right_after_the_keys(what: str) -> None:
    """Voices of one turn leave together: not later than who said them."""
    with call() as run:
        ann, bob, voice, ssrc = spoken_early(run)
        ann.hand_over()
        run.world.close(what, ann.transport if what == "transport" else voice)
        ann.gone = True
        run.run(0.1)
        assert heard(bob, ssrc) == list(range(ann.microphones[0].packets))


def test_who_began_early_may_pause_right_after_the_keys() -> None:
    with call() as run:
        ann, bob, voice, ssrc = spoken_early(run)
        ann.hand_over()
        run.world.pause_inbound(voice, True)
        left = run.world.counters()["packets_forwarded"]
        run.run(0.1)
        assert run.world.counters()["packets_forwarded"] == left
        assert heard(bob, ssrc) == list(range(ann.microphones[0].packets))


def test_publishers_with_the_same_ssrc_and_mid_do_not_meet() -> None:
    with call() as run:
        ann, bob, cem = (run.join(name) for name in ("ann", "bob", "cem"))
        films = [run.film(ann), run.film(bob)]
        bob.cameras[0].ssrc = ann.cameras[0].ssrc
        assert bob.cameras[0].mid == ann.cameras[0].mid
        viewers = [run.watch(cem, film)[1] for film in films]
        run.run(2)
        for publisher, viewer in zip((ann, bob), viewers, strict=True):
            assert publisher.cameras[0].frame - viewer.shown[-1] <= 3
            assert viewer.shown == sorted(viewer.frames)
