"""Sender reports as the receivers get them: one clock for sound and picture (lip sync)."""

from tests.scenarios.call import call
from tests.scenarios.participant import NTP_EPOCH


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
