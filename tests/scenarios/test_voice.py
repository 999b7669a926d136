"""Sound: every packet is passed on at once, and levels are reported when someone speaks."""

from tests.scenarios.call import call


def test_every_voice_packet_arrives_in_order_within_a_millisecond() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        _, ssrc = run.listen(bob, run.speak(ann))
        run.run(5)
        seqs = [seq for heard, seq, _, _ in bob.heard if heard == ssrc]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        assert ann.microphones[0].packets - len(seqs) <= 4


def test_an_idle_room_reports_no_levels() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        run.listen(bob, run.speak(ann))
        run.run(5)
        assert not [event for event in run.events if event[0] == "audio-level"]


def test_a_speaker_is_reported_loud_and_then_silent() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        voice = run.speak(ann)
        run.listen(bob, voice)
        ann.microphones[0].level = 25
        run.run(2)
        ann.microphones[0].level = 127
        run.run(3)
        levels = [level for name, handle, level in run.events if name == "audio-level"]
        assert max(levels) > 90
        assert levels[-1] == 0
        assert len(levels) <= 50


def test_a_speaker_who_stops_sending_falls_silent() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        run.listen(bob, run.speak(ann))
        ann.microphones[0].level = 25
        run.run(2)
        ann.microphones[0].on = False
        run.run(3)
        levels = [level for name, handle, level in run.events if name == "audio-level"]
        assert levels[-1] == 0
        assert levels.count(0) == 1
