"""A far receiver that loses packets at random gets the lowest layer's pictures before it asks."""

import pytest

from tests.scenarios import rtcp
from tests.scenarios.call import Call, call
from tests.scenarios.ladder import FRAME_US, WatchedLadder, watched_ladder

FAR = {"delay_us": 75_000, "loss": 0.02}
LOST = 5  # of 256


def watch(run: Call, seconds: int, *, share: int = LOST, rungs: int = 1, **path: float):
    """What it is told of its losses by the second."""
    film = watched_ladder(run, rungs=rungs, numbered=True, receiver=path)
    run.run(2.3)  # a third of a second after a sender report
    for _ in range(seconds):
        run.run(1)
        report(run, film, share)
    return film


def report(run: Call, film: WatchedLadder, share: int) -> None:
    """With the round-trip time of the last sender report."""
    now_us, ssrc = run.world.now_us, film.viewer.ssrc
    at_us, _, ntp, _ = [one for one in film.receiver.reports if one[1] == ssrc][-1]
    block = rtcp.report_block(
        ssrc, fraction_lost=share, lsr=ntp >> 16, dlsr=((now_us - at_us) << 16) // 1_000_000
    )
    compound = rtcp.receiver_report(film.receiver.receiver_ssrc, block)
    film.receiver.up.send(now_us, film.receiver.outward.protect_rtcp(compound))


def unasked(run: Call, film: WatchedLadder) -> int:
    return int(run.row(film.outbound)["retransmitted"]) - film.viewer.asked


def late(film: WatchedLadder) -> int:
    """Pictures of the lowest layer that came later than their own delay and the next one's time."""
    lasted = [
        one.at_us - (one.frame + 1) * FRAME_US
        for one in film.viewer.pictures
        if one.tid == 0 and one.frame > film.viewer.pictures[0].frame + 60
    ]
    assert len(lasted) > 120
    return sum(us > FAR["delay_us"] + 2 * FRAME_US + 20_000 for us in lasted)


def test_lost_pictures_of_the_lowest_layer_do_not_wait_for_a_repeat() -> None:
    with_losses_told = without = 0
    for seed in range(4):
        with call(seed) as run:
            film = watch(run, 20, **FAR)
            assert unasked(run, film) > 120
            with_losses_told += late(film)
        with call(seed) as run:
            without += late(watch(run, 20, share=0, **FAR))
    assert without > 15
    assert with_losses_told <= without // 3, (with_losses_told, without)


def test_it_goes_on_under_a_new_ssrc() -> None:
    with call() as run:
        film = watch(run, 6, **FAR)
        camera = film.encodings[0]
        camera.on = False
        run.run(0.6)
        camera.ssrc, camera.rtx_ssrc = run.chance.getrandbits(32), run.chance.getrandbits(32)
        camera.seq, camera.sent, camera.wants_key = 0, {}, True
        camera.on, camera.next_us = True, run.world.now_us
        run.run(2.4)
        report(run, film, LOST)
        before, asked = unasked(run, film), film.viewer.asked
        run.run(3)
        assert unasked(run, film) - before > film.viewer.asked - asked + 10


@pytest.mark.parametrize(
    "path", [{**FAR, "delay_us": 30_000}, {**FAR, "share": 0}, {**FAR, "share": 60}]
)
def test_who_is_near_or_loses_nothing_or_too_much_gets_what_it_asks_for(path) -> None:
    with call() as run:
        film = watch(run, 6, **path)
        asked = film.viewer.asked
        assert asked > 5
        assert unasked(run, film) <= asked  # twice what it asks for, see test_loss


def test_nothing_is_sent_ahead_on_a_full_link() -> None:
    with call() as run:
        film = watch(run, 4, **FAR)
        film.receiver.down.rate_bps = 200_000
        run.run(3)
        report(run, film, LOST)
        before, asked = unasked(run, film), film.viewer.asked
        run.run(2.3)  # a third of a second after a sender report
        report(run, film, LOST)
        assert unasked(run, film) - before <= film.viewer.asked - asked
