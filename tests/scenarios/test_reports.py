"""Sender reports as the receivers get them: one clock for sound and picture (lip sync)."""

from itertools import pairwise

import pytest

from tests.scenarios import rtcp
from tests.scenarios.call import call
from tests.scenarios.participant import NTP_EPOCH, Participant


def signed(ts: int) -> int:
    return (ts + 0x80000000) % (1 << 32) - 0x80000000


def test_sound_and_picture_are_on_the_sender_s_clock() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        viewer = run.watch(bob, run.film(ann))[1]
        _, voice = run.listen(bob, run.speak(ann))
        run.run(20)
        camera, microphone = ann.cameras[0], ann.microphones[0]
        shifts: dict[int, list[int]] = {viewer.ssrc: [], voice: []}
        for _, ssrc, ntp, ts in bob.reports:
            source = camera if ssrc == viewer.ssrc else microphone
            sender_us = (ntp - NTP_EPOCH) * 1_000_000 >> 32
            shifts[ssrc].append(signed(ts - source.timestamp(sender_us)))
        media = {signed(viewer.timestamps[f] - camera.stamps[f]) for f in viewer.shown}
        voices = {signed(ts - microphone.stamps[place]) for _, _, ts, place in bob.heard}
        assert len(media) == len(voices) == 1
        for found, shift, rate in ((viewer.ssrc, media, 90), (voice, voices, 48)):
            assert len(shifts[found]) >= 8
            assert all(abs(signed(at - min(shift))) <= rate for at in shifts[found])  # 1 ms


@pytest.mark.parametrize("pause", [2.4, 10.0])
def test_a_voice_whose_clock_stood_still_in_a_pause_comes_back_in_step(pause: float) -> None:
    """Else receivers hold the picture back for as long as the pause was."""
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        _, voice = run.listen(bob, run.speak(ann))
        run.watch(bob, run.film(ann))
        microphone = ann.microphones[0]
        for _ in range(2):
            run.run(5)
            microphone.pause(run.world.now_us)
            run.run(pause)
            microphone.resume(run.world.now_us)
        run.run(5)
        lines = [
            ts - (ntp - NTP_EPOCH) * 48_000 / (1 << 32)
            for _, ssrc, ntp, ts in bob.reports
            if ssrc == voice
        ]
        assert len(lines) >= 8
        spread = [signed(round(line - lines[0]) % (1 << 32)) for line in lines]
        assert max(spread) - min(spread) <= 48 * 50
        arrivals = [ts for _, _, ts, _ in bob.heard]
        steps = [signed(after - before) for before, after in pairwise(arrivals)]
        jumps = [step for step in steps if step > 2 * 960]
        assert [round(step / 48_000, 1) for step in jumps] == [pause] * 2


@pytest.mark.parametrize(("up", "down"), [(0.2, 0.0), (0.0, 0.2), (0.2, 0.2)])
def test_a_receiver_loses_what_is_lost_on_its_own_way_alone(up: float, down: float) -> None:
    """What never came to us has a number, and the receiver misses that, too."""
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        outbound, ssrc = run.listen(bob, run.speak(ann))
        ann.up.loss, bob.down.loss = up, down
        run.run(0.1)
        seen = Reception(heard(bob, ssrc))
        for _ in range(3):
            ann.up.loss = up
            run.run(5)
            ann.up.loss = 0.0
            run.run(0.5)  # what was repaired has arrived
            block = seen.report(ssrc, heard(bob, ssrc))
            compound = rtcp.receiver_report(bob.receiver_ssrc, block)
            bob.up.send(run.world.now_us, bob.outward.protect_rtcp(compound))
            run.run(0.1)
            share = run.row(outbound)["fraction_lost"] / 256
            assert abs(share - down) <= (0.08 if down else 0.0)


class Reception:
    """What a receiver says of a stream (RFC 3550 appendix A.3); not for numbers that wrap."""

    def __init__(self, heard: set[int]) -> None:
        self._first, self._before = min(heard), (max(heard), 0)

    def report(self, ssrc: int, heard: set[int]) -> bytes:
        highest, before = max(heard), self._before
        lost = highest - self._first + 1 - len(heard)
        self._before = highest, lost
        share = max(0, lost - before[1]) * 256 // (highest - before[0])
        return rtcp.report_block(ssrc, fraction_lost=share, lost=lost, highest=highest)


def heard(listener: Participant, ssrc: int) -> set[int]:
    """The numbers of a voice that have come, by its source's count."""
    return {place for of, _, _, place in listener.heard if of == ssrc}


def test_what_has_ended_stays_counted() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        film = run.film(ann)
        outbound, _ = run.watch(bob, film)
        run.run(2)
        live = {handle: run.row(handle) for handle in (film, outbound)}
        assert all(row["packets"] > 50 for row in live.values())
        assert not run.world.ended()["packets"].any()
        run.world.close("outbound", outbound)
        run.world.close("inbound", film)
        ended = run.world.ended()
        for handle, row in live.items():
            (summed,) = ended[(ended["row"] == row["row"]) & (ended["kind"] == row["kind"])]
            for column in ("packets", "bytes", "keyframes", "pli_count", "nack_count"):
                assert summed[column] == row[column], (handle, column)
        assert ended["packets"].sum() == sum(row["packets"] for row in live.values())
