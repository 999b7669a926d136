"""Sound that says each packet twice (RFC 2198): who loses gets it, others the Opus alone."""

import pytest

from tests.scenarios import rtcp
from tests.scenarios.call import AUDIO, Call, call
from tests.scenarios.flows import RED_PT, rtp
from tests.scenarios.ladder import watched_ladder
from tests.scenarios.participant import Participant
from tests.scenarios.test_links import replica
from tests.support.red import red

FORGOTTEN = 16.0  # seconds after a report of loss


def places(listener: Participant) -> list[int]:
    """Which packets of the voice were heard in their own place."""
    return [place for _, _, _, place in listener.heard]


def report(run: Call, listener: Participant, ssrc: int, fraction_lost: int) -> None:
    block = rtcp.report_block(ssrc, fraction_lost=fraction_lost)
    compound = rtcp.receiver_report(listener.receiver_ssrc, block)
    listener.up.send(run.world.now_us, listener.outward.protect_rtcp(compound))


@pytest.mark.parametrize("worker", [0, 1])
def test_who_cannot_take_it_gets_the_opus_alone(worker: int) -> None:
    with call(workers=2) as run:
        ann, bob = run.join("ann"), run.join("bob", worker=worker)
        voice = run.speak(ann, redundant=True)
        run.listen(bob, replica(run, ann, voice, AUDIO, worker) if worker else voice)
        run.run(3)
        heard = places(bob)
        assert heard == list(range(heard[0], heard[0] + len(heard)))
        assert len(heard) > 140
        assert not bob.redundant


def test_it_ends_when_nothing_is_lost_and_comes_with_the_next_loss() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        _, ssrc = run.listen(bob, run.speak(ann, redundant=True), redundant=True)
        run.run(1)
        heard = places(bob)
        again = [place for newest in heard[2:] for place in (newest - 2, newest - 1)]
        assert bob.redundant[-len(again) :] == again
        run.run(FORGOTTEN)
        bob.redundant.clear()
        report(run, bob, ssrc, 0)
        run.run(1)
        assert not bob.redundant
        report(run, bob, ssrc, 1)
        run.run(1)
        assert len(bob.redundant) > 80
        run.run(FORGOTTEN)
        bob.redundant.clear()
        run.run(1)
        assert not bob.redundant


def test_it_ends_where_the_first_pictures_fill_the_link() -> None:
    """What they push out is no reason to say it again, nor what a report tells of them."""
    with call() as run:
        there = watched_ladder(run, numbered=True)
        there.receiver.down.rate_bps = 300_000
        voice = run.speak(there.publisher, redundant=True)
        _, ssrc = run.listen(there.receiver, voice, redundant=True, numbered=True)
        run.run(2)
        there.receiver.redundant.clear()
        report(run, there.receiver, ssrc, 20)
        run.run(3)
        assert not there.receiver.redundant
        there.receiver.down.rate_bps = 0
        run.run(10)
        report(run, there.receiver, ssrc, 20)
        run.run(1)
        assert there.receiver.redundant


def test_of_voices_that_begin_at_once_one_says_all_again_and_all_where_losses_are_known() -> None:
    with call() as run:
        bob = run.join("bob")

        def speaks(name: str) -> tuple[int, int]:
            """How much it said again in a second after it began, and its SSRC."""
            bob.redundant.clear()
            voice = run.speak(run.join(name), redundant=True)
            _, ssrc = run.listen(bob, voice, redundant=True, numbered=True)
            run.run(1)
            return len(bob.redundant), ssrc

        first, ssrc = speaks("ann")
        assert first > 80
        second, _ = speaks("cy")
        assert second < first * 1.3  # the first one's own
        report(run, bob, ssrc, 5)
        run.run(0.1)
        third, _ = speaks("di")
        assert third > first * 1.7


def test_what_is_lost_on_the_way_here_comes_with_the_packet_after_it() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        run.listen(bob, run.speak(ann, redundant=True), redundant=True)
        run.run(FORGOTTEN)
        bob.redundant.clear()
        bob.heard.clear()
        ann.up.loss = 0.1
        run.run(10)
        ann.up.loss = 0.0
        run.run(1)
        heard = places(bob)
        lost = set(range(heard[0], heard[-1])) - set(heard)
        alone = {place for place in lost if place + 1 not in lost}
        assert len(alone) > 20
        assert alone <= set(bob.redundant)
        assert len(bob.redundant) <= 2 * len(alone)


def test_of_two_that_are_lost_in_a_row_the_first_comes_again_too() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        run.listen(bob, run.speak(ann, redundant=True), redundant=True)
        run.run(1)
        bob.down.loss = 0.2
        run.run(10)
        bob.down.loss = 0.0
        run.run(1)
        heard = places(bob)
        lost = set(range(heard[0], heard[-1])) - set(heard)
        missed = lost - set(bob.redundant)
        assert missed == {place for place in lost if {place + 1, place + 2} <= lost}
        assert len(missed) < len(lost) / 10


def test_one_that_is_no_redundancy_is_dropped() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        run.listen(bob, run.speak(ann, redundant=True), redundant=True)
        run.run(1)
        microphone = ann.microphones[0]
        microphone.on = False
        run.run(0.2)
        before = len(bob.heard)
        for payload in (b"", b"\xef\0", red([(77, 0, b"unknown")]), red([(RED_PT, 0, b"again")])):
            microphone.seq += 1
            packet = rtp(RED_PT, microphone.seq, 0, microphone.ssrc, payload, extension=b"\xa0\0")
            ann.send_media(run.world.now_us, [packet])
        run.run(1)
        assert len(bob.heard) == before
        assert run.world.counters()["drop_rtp_unknown_pt"] == 4
        microphone.on = True
        run.run(1)
        assert len(bob.heard) > before + 40
