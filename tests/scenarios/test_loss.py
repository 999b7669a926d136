"""Packets are lost, late and overtaken on every path; repairs hide it (RFC 4585, RFC 4588)."""

import pytest

from tests.scenarios import rtcp
from tests.scenarios.call import call

LOSSY = {"loss": 0.03, "delay_us": 15_000, "jitter_us": 4_000}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rtx", [True, False])
def test_all_is_repaired_on_both_sides(seed: int, rtx: bool) -> None:
    with call(seed) as run:
        ann, bob, cem = (run.join(name, **LOSSY) for name in ("ann", "bob", "cem"))
        film = run.film(ann)
        viewers = [run.watch(other, film, rtx=rtx)[1] for other in (bob, cem)]
        run.run(20)
        camera = ann.cameras[0]
        assert camera.answered > 0
        assert run.row(film)["retransmitted"] > 0
        assert camera.key_frames <= 4
        for viewer in viewers:
            assert viewer.asked > 0
            assert viewer.repaired > 0 or not rtx
            assert len(viewer.shown) > 0.95 * camera.frame


def test_a_burst_too_long_to_repair_ends_in_a_key_frame() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        viewer = run.watch(bob, run.film(ann))[1]
        run.run(3)
        keys = ann.cameras[0].key_frames
        ann.up.loss = 1.0
        run.run(5)
        ann.up.loss = 0.0
        run.run(2)
        assert ann.cameras[0].key_frames > keys
        assert ann.cameras[0].frame - viewer.shown[-1] <= 3


def test_who_asks_for_what_is_gone_gets_a_key_frame() -> None:
    """A receiver whose link was cut for long would wait two seconds until it complains."""
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        viewer = run.watch(bob, run.film(ann))[1]
        viewer.pli_us = 1 << 60  # never complains
        run.run(2)
        camera = ann.cameras[0]
        keys = camera.key_frames
        bob.down.loss = 1.0
        run.run(10)
        bob.down.loss = 0.0
        run.run(0.3)
        assert camera.key_frames == keys + 1
        assert camera.frame - viewer.shown[-1] <= 3
        run.run(10)
        assert camera.key_frames == keys + 1


def test_a_packet_that_never_comes_is_given_up_for_a_key_frame() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        viewer = run.watch(bob, run.film(ann))[1]
        viewer.pli_us = 1 << 60  # never complains
        run.run(2)
        camera = ann.cameras[0]
        keys = camera.key_frames
        camera.forgetful = True
        ann.up.loss = 0.3
        run.run(0.3)
        ann.up.loss = 0.0
        run.run(2)
        assert camera.key_frames > keys
        assert camera.frame - viewer.shown[-1] <= 3


def test_a_sender_that_knows_only_fir_is_asked_by_it() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        viewer = run.watch(bob, run.film(ann, fir=True))[1]
        run.run(3)
        camera = ann.cameras[0]
        assert camera.frame - viewer.shown[-1] <= 3
        keys = camera.key_frames
        ann.up.loss = 1.0
        run.run(5)
        ann.up.loss = 0.0
        run.run(2)
        assert camera.key_frames > keys
        assert camera.frame - viewer.shown[-1] <= 3


def test_without_nack_a_loss_is_not_asked_for_upstream() -> None:
    with call() as run:
        ann, bob = run.join("ann", loss=0.05), run.join("bob")
        run.watch(bob, run.film(ann, nack=False))
        run.run(5)
        assert ann.cameras[0].answered == 0


def test_reordering_within_the_grace_costs_no_repair() -> None:
    with call() as run:
        ann, bob = run.join("ann", jitter_us=2_000), run.join("bob")
        film = run.film(ann)
        viewer = run.watch(bob, film)[1]
        run.run(10)
        assert ann.cameras[0].frame - viewer.shown[-1] <= 3
        assert run.row(film)["nack_count"] < 0.02 * run.row(film)["packets"]


@pytest.mark.parametrize(("reported", "copies"), [([0], 1), ([13], 2), ([13, 0], 2), ([100], 1)])
def test_who_loses_at_random_gets_repeats_twice(reported: list[int], copies: int) -> None:
    """A repeat may be lost too. A full link loses more, and shall not be filled. One report without
    a loss, a second's packets, says nothing of the rest."""
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        viewer = run.watch(bob, run.film(ann))[1]
        run.run(2)
        for share in reported:
            block = rtcp.report_block(viewer.ssrc, fraction_lost=share)
            compound = rtcp.receiver_report(bob.receiver_ssrc, block)
            bob.up.send(run.world.now_us, bob.outward.protect_rtcp(compound))
            run.run(0.5)
        asked = viewer.asked
        bob.down.loss = 0.05
        run.run(5)
        repeats = sum(ssrc == viewer.rtx_ssrc for _, ssrc, _ in bob.ledger)
        assert viewer.asked - asked > 10
        assert abs(repeats - copies * viewer.asked) <= copies * viewer.asked * 0.2
