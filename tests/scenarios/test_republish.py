"""What is published again on the same transport goes on in the sender's SRTP context: RFC 3711
section 3.2.1 counts the ROC, and keeps the replay list, for each SSRC under a key."""

import pytest

from tests.scenarios.call import Call, call
from tests.scenarios.flows import Camera, Viewer
from tests.scenarios.participant import Participant

WRAP = 65_536
NO_NAME = b"\xa0\x00"  # a level that nobody reads here


def stop(run: Call, camera: Camera, film: int) -> None:
    camera.on = False
    run.run(0.1)
    run.world.close("inbound", film)


def show_again(run: Call, ann: Participant, bob: Participant, *, named: bool) -> tuple[int, Viewer]:
    film = run.publish(ann, ann.cameras[0], named=named)
    return film, run.watch(bob, film)[1]


@pytest.mark.parametrize("named", [True, False], ids=["named", "by MID"])
def test_it_is_shown_and_repaired_after_its_numbers_have_wrapped(named: bool) -> None:
    with call() as run:
        ann, bob = run.join("ann", loss=0.05), run.join("bob")
        film = run.film(ann)
        camera = ann.cameras[0]
        camera.rtx_seq = WRAP - 5
        run.watch(bob, film)
        while camera.seq < WRAP + 100 or camera.rtx_seq < WRAP + 5:
            run.run(1)
        for _ in range(2):
            stop(run, camera, film)
            before, repaired = run.world.counters(), camera.rtx_seq
            film, viewer = show_again(run, ann, bob, named=named)
            run.run(3)
            assert camera.frame - viewer.shown[-1] <= 15
            assert camera.rtx_seq > repaired
            assert run.world.counters()["drop_srtp_unauthentic"] == before["drop_srtp_unauthentic"]


@pytest.mark.parametrize("named", [True, False], ids=["named", "by MID"])
def test_what_was_sent_before_cannot_be_played_again(named: bool) -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        film = run.film(ann)
        camera = ann.cameras[0]
        run.watch(bob, film)
        run.run(1)
        recorded = [ann.outward.protect(camera._packet(0, 1, True, 100)) for _ in range(10)]
        run.world.deliver(recorded, ann.address)
        run.run(0.1)
        stop(run, camera, film)
        film, viewer = show_again(run, ann, bob, named=named)
        camera.on = False
        refused = run.world.counters()["drop_srtp_replayed"]
        run.world.deliver(recorded, ann.address)
        run.run(0.1)
        assert run.world.counters()["drop_srtp_replayed"] == refused + len(recorded)
        assert run.row(film)["packets"] == 0
        assert not viewer.shown


class Sparing(Camera):
    """It says its MID until it is known, as libwebrtc does: not when it begins again."""

    known = False

    def _names(self, *, repair: bool = False) -> bytes:
        return NO_NAME if self.known else super()._names(repair=repair)


@pytest.mark.parametrize("again", [True, False], ids=["the same SSRC", "another SSRC"])
def test_it_is_known_by_what_it_said_the_first_time(again: bool) -> None:
    with call() as run:
        ann, bob = run.join("ann", loss=0.05), run.join("bob")
        camera = Sparing(run.chance.getrandbits(32), run.chance.getrandbits(32), run.chance)
        camera.mid = "w"
        ann.cameras.append(camera)
        film = run.publish(ann, camera, nack=True, named=False)
        if again:  # else the payload type says where it belongs
            run.film(ann)
        run.watch(bob, film)
        run.run(3)
        for _ in range(2):
            stop(run, camera, film)
            camera.known, repaired = True, camera.rtx_seq
            if not again:
                camera.ssrc = run.chance.getrandbits(32)
            film, viewer = show_again(run, ann, bob, named=False)
            run.run(3)
            assert camera.frame - viewer.shown[-1] <= 15
            assert camera.rtx_seq > repaired or not again
            assert int(run.row(film)["ssrc"]) == camera.ssrc
