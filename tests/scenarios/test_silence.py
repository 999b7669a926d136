"""Silence costs nothing: what a room does not hear ends where it comes in, and no word is cut."""

import pytest

from fastsfu._native.engine.voices import RoomVoices
from tests.scenarios.call import AUDIO, Call, call
from tests.scenarios.flows import Microphone
from tests.scenarios.participant import Participant
from tests.scenarios.test_links import emptied, replica, total

QUIET, LOUD = 90, 20  # -dBov


class Audience:
    """A room in which everybody hears everybody by one listener, at the worker that is said."""

    def __init__(self, run: Call, speakers: int, limit: int, worker: int = 0) -> None:
        self.run = run
        self.voices = RoomVoices(limit)
        self.listener = run.join("listener", worker=worker)
        self.people: list[Participant] = []
        self.handles: list[int] = []
        self.ssrcs: list[int] = []
        for number in range(speakers):
            self.add(number % len(run.worlds))

    def add(self, worker: int) -> None:
        someone = self.run.join("someone", worker=worker)
        handle = self.run.speak(someone, voices=self.voices)
        heard = handle
        if self.listener.world is not someone.world:
            place = self.run.worlds.index(self.listener.world)
            heard = replica(self.run, someone, handle, AUDIO, place)
        self.people.append(someone)
        self.handles.append(handle)
        self.ssrcs.append(self.run.listen(self.listener, heard)[1])

    def microphone(self, number: int) -> Microphone:
        return self.people[number].microphones[0]

    def speak(self, seconds: float, *speaking: int) -> None:
        """The others hiss; claims waver, as they do."""
        for turn in range(round(seconds * 50)):
            for number in range(len(self.people)):
                loud = LOUD + number % 7 if number in speaking else QUIET
                self.microphone(number).level = loud + turn % 2
            self.run.run(0.02)

    def heard(self, number: int) -> list[tuple[int, int]]:
        """(number as received, place in the speaker's stream)."""
        ssrc = self.ssrcs[number]
        return [(seq, place) for each, seq, _, place in self.listener.heard if each == ssrc]


@pytest.mark.parametrize("workers", [1, 3])
def test_of_twelve_the_three_who_speak_are_heard_and_the_links_carry_no_more(workers: int) -> None:
    with call(workers=workers) as run:
        room = Audience(run, 12, limit=3)
        room.speak(1.5, 2, 5, 9)
        heard = len(room.listener.heard)
        links = total(run, "link_packets")
        room.speak(2, 2, 5, 9)
        assert len(room.listener.heard) - heard <= 3 * 101
        assert len(room.listener.heard) - heard >= 3 * 98
        assert total(run, "link_packets") - links <= 3 * 101
        assert total(run, "packets_silenced") >= 9 * 98
        assert {n for n in range(12) if room.heard(n)[-1:] > [(0, 0)] and n in (2, 5, 9)}


def test_the_first_packet_of_a_word_arrives_although_others_hold_all_seats() -> None:
    with call(workers=2) as run:
        room = Audience(run, 6, limit=2)
        room.speak(2, 0, 1)
        room.speak(3)
        begins = room.microphone(5).packets
        before = len(room.heard(5))
        room.speak(1, 5)
        word = room.heard(5)[before:]
        assert word[0][1] <= begins, "its first 20 ms, and no gap after them"
        assert [place for _, place in word] == list(range(word[0][1], word[0][1] + len(word)))


def test_who_is_chosen_again_is_numbered_on_without_a_gap() -> None:
    with call(workers=2) as run:
        room = Audience(run, 6, limit=2)
        for turn in range(8):
            room.speak(1.5, turn % 6, (turn + 1) % 6)
        for number in range(6):
            seqs = [seq for seq, _ in room.heard(number)]
            assert [(seq - seqs[0]) & 0xFFFF for seq in seqs] == list(range(len(seqs)))
            assert len(seqs) > 60


def test_nothing_of_a_source_that_is_off_is_passed_on() -> None:
    with call() as run:
        room = Audience(run, 2, limit=6)
        room.speak(1, 0, 1)
        run.world.pause_inbound(room.handles[0], True)
        run.run(0.01)  # what was under way
        muted, other = len(room.heard(0)), len(room.heard(1))
        run.events.clear()
        room.speak(2, 0, 1)
        assert len(room.heard(0)) == muted
        assert len(room.heard(1)) >= other + 98
        assert not [each for each in run.events if each[:2] == ("audio-level", room.handles[0])]
        run.world.pause_inbound(room.handles[0], False)
        on = room.microphone(0).packets
        room.speak(0.5, 0)
        again = room.heard(0)[muted:]
        assert again[0][1] >= on - 1, "nor anything of before it was on again"
        assert again[0][0] == room.heard(0)[muted - 1][0] + 1 & 0xFFFF


def test_whose_microphone_is_turned_off_while_they_speak_is_told_to_be_silent() -> None:
    with call() as run:
        room = Audience(run, 1, limit=6)
        room.speak(1, 0)
        run.world.pause_inbound(room.handles[0], True)
        room.speak(1, 0)
        levels = [each[2] for each in run.events if each[:2] == ("audio-level", room.handles[0])]
        assert max(levels) > 90
        assert levels[-1] == 0


def test_redundant_sound_says_nothing_again_from_when_it_was_off() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        voice = run.speak(ann, redundant=True)
        run.listen(bob, voice, redundant=True)
        run.run(1)
        run.world.pause_inbound(voice, True)
        run.run(1)
        on = ann.microphones[0].packets
        run.world.pause_inbound(voice, False)
        bob.redundant.clear()
        run.run(1)
        assert len(bob.redundant) > 40
        assert min(bob.redundant) >= on - 1


def test_a_picture_that_was_off_goes_on_at_a_key_frame_here_and_elsewhere() -> None:
    with call(workers=2) as run:
        ann, bob, cem = run.join("ann"), run.join("bob"), run.join("cem", worker=1)
        film = run.film(ann)
        viewers = [
            run.watch(bob, film)[1], run.watch(cem, replica(run, ann, film, 1, 1))[1]
        ]  # fmt: skip
        run.run(1)
        run.world.pause_inbound(film, True)
        run.run(0.05)
        seen, keys = [len(each.shown) for each in viewers], ann.cameras[0].key_frames
        run.run(3)
        assert [len(each.shown) for each in viewers] == seen
        assert ann.cameras[0].key_frames == keys, "nobody can use one"
        run.world.pause_inbound(film, False)
        run.run(1)
        for viewer in viewers:
            assert viewer.shown[-1] >= ann.cameras[0].frame - 3
            assert viewer.numbers == set(range(min(viewer.numbers), max(viewer.numbers) + 1))
        assert ann.cameras[0].key_frames - keys in (1, 2)


def test_a_pinned_voice_is_heard_whoever_is_louder() -> None:
    with call() as run:
        room = Audience(run, 4, limit=1)
        run.world.pin_inbound(room.handles[3], True)
        room.speak(2, 0, 1, 2)
        places = [place for _, place in room.heard(3)]
        assert len(places) >= 95


def test_voices_that_hold_packets_back_leave_no_buffer_behind() -> None:
    with call(workers=2) as run:
        room = Audience(run, 6, limit=1)
        room.speak(1, 0)
        run.world.close("inbound", room.handles[2])
        run.world.close("transport", room.people[4].transport)
        room.people[4].gone = True
        for number in range(6):
            room.microphone(number).on = False
        assert emptied(run)
