"""Several voices in one turn of the worker: in few messages to those who hear them, each as it was
said.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastsfu._native.engine.voices import RoomVoices
from tests.scenarios.call import AUDIO, Call, call
from tests.scenarios.participant import Participant

SAID = 50  # packets of a voice in a second
SECONDS = 1


def hall(run: Call, sizes: list[tuple[int, ...]], listeners: int) -> tuple[list[Any], ...]:
    """Those who speak all at the same time, what they say, and those who hear it."""
    run.at_once = True
    speakers = [run.join(f"speaker {number}") for number in range(len(sizes))]
    voices = [run.speak(speaker) for speaker in speakers]
    for speaker, of in zip(speakers, sizes, strict=True):
        speaker.microphones[0].sizes = of
    return speakers, voices, [run.join(f"listener {number}") for number in range(listeners)]


def assert_heard(listener: Participant, ssrc: int) -> None:
    """All of it, in order."""
    places = [place for heard, _, _, place in listener.heard if heard == ssrc]
    assert places == list(range(places[0], places[0] + len(places)))
    assert len(places) >= SAID * SECONDS - 10


def rates(run: Call) -> tuple[int, int]:
    counters = run.world.counters()
    return counters["packets_forwarded"], counters["messages_forwarded"]


@pytest.mark.parametrize(
    ("sizes", "messages"),
    [
        ([(80,), (80,), (80,)], 1),
        ([(80,), (80,), (60,)], 1),
        ([(60,), (80,)], 1),
        ([(60,), (80,), (70,)], 2),
        ([(60,), (60,), (80,), (80,)], 2),
        ([(80,)], 1),
        ([(1300,), (80,), (80,)], 2),  # above what may be the MTU of the path
        ([(1300, 80), (80, 1300)], 2),
    ],
)
def test_a_listener_gets_them_in_few_messages(sizes: list[tuple[int, ...]], messages: int) -> None:
    with call() as run:
        _, voices, listeners = hall(run, sizes, 5)
        heard = [(one, run.listen(one, voice)[1]) for one in listeners for voice in voices]
        run.run(1)
        packets, sent = rates(run)
        run.run(SECONDS)
        packets, sent = (
            after - now for after, now in zip(rates(run), (packets, sent), strict=True)
        )
        assert packets == SAID * SECONDS * len(heard)
        assert sent == SAID * SECONDS * len(listeners) * messages
        for one, ssrc in heard:
            assert_heard(one, ssrc)


def test_who_is_not_there_or_has_paused_takes_nothing_from_the_others() -> None:
    with call() as run:
        _, voices, (ada, bob, cem) = hall(run, [(60,), (80,)], 3)
        bob.gone = True  # no path to bob is known
        dan = run.join("dan", early=True)  # who has no keys
        heard = {
            one.name: [run.listen(one, voice) for voice in voices] for one in (ada, bob, cem, dan)
        }
        paused, _ = heard[cem.name][0]
        run.world.pause(paused, True)
        run.run(SECONDS + 0.1)
        for one, voice in ((ada, 0), (ada, 1), (cem, 1)):
            assert_heard(one, heard[one.name][voice][1])
        assert {ssrc for ssrc, *_ in cem.heard} == {heard[cem.name][1][1]}
        assert bob.packets == dan.packets == 0
        packets, messages = rates(run)
        assert packets == ada.packets + cem.packets
        assert messages == ada.packets // 2 + cem.packets


@pytest.mark.parametrize("shared", [False, True])
def test_voices_of_one_room_are_those_that_leave_together(shared: bool) -> None:
    """Who hears two rooms gets all of both, though of each by itself."""
    with call() as run:
        run.at_once = True
        rooms = [RoomVoices(8)] * 2 if shared else [RoomVoices(8), RoomVoices(8)]
        ada = run.join("ada")
        ssrcs = []
        for number, room in enumerate(rooms):
            speaker = run.join(f"speaker {number}")
            voice = run.speak(speaker, voices=room)
            speaker.microphones[0].level = 30
            ssrcs.append(run.listen(ada, voice)[1])
        run.run(SECONDS + 0.1)
        for ssrc in ssrcs:
            assert_heard(ada, ssrc)
        packets, messages = rates(run)
        assert messages == (packets // 2 if shared else packets)


def test_without_gso_each_packet_is_a_message() -> None:
    with call(gso=False) as run:
        _, voices, (ada,) = hall(run, [(80,), (80,)], 1)
        ssrcs = [run.listen(ada, voice)[1] for voice in voices]
        run.run(SECONDS)
        packets, messages = rates(run)
        assert packets == messages
        for ssrc in ssrcs:
            assert_heard(ada, ssrc)


def test_those_on_another_worker_hear_them_too() -> None:
    with call(workers=2) as run:
        _, voices, _ = hall(run, [(80,), (60,)], 0)
        bob = run.join("bob", worker=1)
        for voice in voices:
            replica = run.worlds[1].replica(run.worlds[0], voice, kind=AUDIO, clock_rate=48_000)
            run.listen(bob, replica)
        run.run(SECONDS)
        assert len(bob.heard) >= 2 * (SAID * SECONDS - 10)


def test_who_speaks_hears_the_others_with_them() -> None:
    """Whose own voice is not among those that it gets: they are in other places there."""
    with call() as run:
        speakers, voices, _ = hall(run, [(80,)] * 4, 0)
        heard = [
            (one, run.listen(one, voice)[1])
            for one, own in zip(speakers, voices, strict=True)
            for voice in voices
            if voice != own
        ]
        run.run(1)
        _, before = rates(run)
        run.run(SECONDS)
        assert rates(run)[1] - before == SAID * SECONDS * len(speakers)
        for one, ssrc in heard:
            assert_heard(one, ssrc)


def test_they_leave_before_pictures_that_came_after_them() -> None:
    """For which each receiver takes longer."""
    with call() as run:
        run.at_once = True
        bob, ann, cem = (run.join(name) for name in ("bob", "ann", "cem"))
        _, viewer = run.watch(cem, run.film(ann))
        _, ssrc = run.listen(cem, run.speak(bob))
        run.run(1)
        both = 0
        while both < 3:
            before = len(cem.ledger)
            run.step()
            left = [of for kind, of, _ in list(cem.ledger)[before:] if kind == "rtp"]
            if {ssrc, viewer.ssrc} <= set(left):
                both += 1
                assert left.index(ssrc) < left.index(viewer.ssrc)


@pytest.mark.parametrize("off", [0, 1, 2])
@pytest.mark.parametrize("how", ["pause", "inbound", "transport"])
def test_what_one_has_said_does_not_leave_once_they_are_off(off: int, how: str) -> None:
    """Though they were on when it came. What the others have said in that turn does."""
    with call() as run:
        speakers, voices, (ada,) = hall(run, [(60,), (80,), (70,)], 1)
        ssrcs = [run.listen(ada, voice)[1] for voice in voices]
        for speaker in speakers:
            speaker.up.delay_us = 0
        run.run(SECONDS)
        said = [speaker.microphones[0].packets for speaker in speakers]
        while said == [speaker.microphones[0].packets for speaker in speakers]:
            run.world.advance(1000)
            for speaker in speakers:
                speaker.tick(run.world.now_us)
                run.world.take(speaker.up.due(run.world.now_us), speaker.address)
        if how == "pause":
            run.world.pause_inbound(voices[off], True)
        else:
            handle = voices[off] if how == "inbound" else speakers[off].transport
            run.world.close(how, handle)
        for speaker in speakers:
            speaker.gone = True
        run.run(0.1)
        heard = [max(at for of, _, _, at in ada.heard if of == ssrc) for ssrc in ssrcs]
        assert heard == [packets - (place == off) for place, packets in enumerate(said)]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(st.integers(10, 200), min_size=1, max_size=4), min_size=2, max_size=6),
    st.data(),
)
def test_whoever_hears_whom_gets_each_packet_once(sizes: list[list[int]], data: Any) -> None:
    """With and without transport-wide numbers, in any order, some of it redundant."""
    with call() as run:
        _, voices, listeners = hall(run, [tuple(each) for each in sizes], 4)
        heard = []
        for one in listeners:
            of = data.draw(st.lists(st.sampled_from(range(len(voices))), unique=True))
            numbered = data.draw(st.booleans())
            heard += [(one, run.listen(one, voices[at], numbered=numbered)[1]) for at in of]
        run.run(SECONDS)
        for one, ssrc in heard:
            assert_heard(one, ssrc)
