"""A call over several workers: what one has unprotected reaches the other's receivers by a link."""

import random
from typing import Any

import pytest

from tests.native.faces.world import World
from tests.scenarios import rtcp
from tests.scenarios.call import AUDIO, VIDEO, Call, call
from tests.scenarios.participant import NTP_EPOCH, Participant
from tests.scenarios.test_reports import signed

LOSSY = {"loss": 0.03, "delay_us": 15_000, "jitter_us": 4_000}
CLOCK_RATES = {AUDIO: 48_000, VIDEO: 90_000}


def replica(run: Call, publisher: Participant, inbound: int, kind: int, worker: int) -> int:
    return run.worlds[worker].replica(
        publisher.world, inbound, kind=kind, clock_rate=CLOCK_RATES[kind]
    )


def total(run: Call, counter: str) -> int:
    return sum(int(world.counters()[counter]) for world in run.worlds)


def emptied(run: Call) -> bool:
    """Let silence pass, then see that no buffer of any worker is left with anybody."""
    run.stuck.clear()
    run.run(2.5)
    return not (total(run, "buffers_used") or total(run, "buffers_lent"))


@pytest.mark.parametrize("seed", range(3))
def test_all_is_repaired_where_it_is_received(seed: int) -> None:
    """Losses on every path: a receiver's NACKs end at its own worker, the sender's at its."""
    with call(seed, workers=3) as run:
        ann = run.join("ann", **LOSSY)
        film = run.film(ann)
        viewers = [run.watch(run.join("bob", **LOSSY), film)[1]]
        for worker in (1, 1, 2):
            cem = run.join("cem", worker=worker, **LOSSY)
            copy = replica(run, ann, film, VIDEO, worker)
            viewers.append(run.watch(cem, copy)[1])
        run.run(15)
        camera = ann.cameras[0]
        assert camera.answered > 0
        assert camera.key_frames <= 4
        for viewer in viewers:
            assert viewer.repaired > 0
            assert len(viewer.shown) > 0.95 * camera.frame
        assert run.worlds[0].counters()["link_dropped"] == 0
        camera.on = False
        assert emptied(run)


def test_sound_and_picture_are_on_the_sender_s_clock_over_a_link() -> None:
    with call(workers=2) as run:
        ann, bob = run.join("ann"), run.join("bob", worker=1)
        film, voice = run.film(ann), run.speak(ann)
        run.run(3)  # the sender has reported before there is a link
        viewer = run.watch(bob, replica(run, ann, film, VIDEO, 1))[1]
        _, heard = run.listen(bob, replica(run, ann, voice, AUDIO, 1))
        run.run(10)
        camera, microphone = ann.cameras[0], ann.microphones[0]
        rates = {viewer.ssrc: (90, camera), heard: (48, microphone)}
        shifts: dict[int, list[int]] = {ssrc: [] for ssrc in rates}
        for _, ssrc, ntp, ts in bob.reports:
            sender_us = (ntp - NTP_EPOCH) * 1_000_000 >> 32
            shifts[ssrc].append(signed(ts - rates[ssrc][1].timestamp(sender_us)))
        media = {signed(viewer.timestamps[f] - camera.stamps[f]) for f in viewer.shown}
        voices = {signed(ts - microphone.stamps[place]) for _, _, ts, place in bob.heard}
        assert len(media) == len(voices) == 1
        for found, shift in ((viewer.ssrc, media), (heard, voices)):
            assert len(shifts[found]) >= 8
            assert all(abs(signed(at - min(shift))) <= rates[found][0] for at in shifts[found])


def test_a_voice_crosses_whole_in_order_and_with_its_level() -> None:
    with call(workers=2) as run:
        ann, bob = run.join("ann"), run.join("bob", worker=1)
        voice = run.speak(ann)
        ann.microphones[0].level = 30
        _, ssrc = run.listen(bob, replica(run, ann, voice, AUDIO, 1))
        run.run(5)
        places = [place for _, _, _, place in bob.heard]
        assert places == list(range(places[0], places[-1] + 1))
        assert len(places) > 240
        assert {each for each, *_ in bob.heard} == {ssrc}
        assert any(name == "audio-level" for name, *_ in run.events)


def test_a_receiver_that_comes_later_starts_at_a_key_frame_asked_for_over_the_link() -> None:
    with call(workers=2) as run:
        ann, bob = run.join("ann"), run.join("bob")
        film = run.film(ann)
        run.watch(bob, film)
        run.run(3)
        keys = ann.cameras[0].key_frames
        cem = run.join("cem", worker=1)
        joined = run.world.now_us
        viewer = run.watch(cem, replica(run, ann, film, VIDEO, 1))[1]
        run.run(1)
        assert ann.cameras[0].key_frames == keys + 1
        assert viewer.first_us is not None
        assert viewer.first_us - joined < 200_000
        cem.send_rtcp(run.world.now_us, rtcp.pli(cem.receiver_ssrc, viewer.ssrc))
        run.run(1)
        assert ann.cameras[0].key_frames == keys + 2


def test_a_stuck_worker_costs_the_others_nothing_and_goes_on_without_a_gap() -> None:
    """Its link fills: whole frames are dropped and counted, and no key frame is asked for while it
    would not fit. When the worker goes on, its receivers number on as if nothing had happened.
    """
    with call(workers=2) as run:
        ann, bob, cem = run.join("ann"), run.join("bob"), run.join("cem", worker=1)
        film = run.film(ann)
        here = run.watch(bob, film)[1]
        there = run.watch(cem, replica(run, ann, film, VIDEO, 1))[1]
        run.run(2)
        camera = ann.cameras[0]
        keys = camera.key_frames
        run.stuck.add(run.worlds[1])
        run.run(70)
        dropped = run.worlds[0].counters()["link_dropped"]
        assert dropped > 1000
        assert camera.key_frames == keys
        assert len(here.shown) > 0.99 * camera.frame
        asked, received = there.asked, len(there.numbers)
        run.stuck.clear()
        run.run(3)
        assert run.worlds[0].counters()["link_dropped"] <= dropped + 10
        assert camera.key_frames - keys in (1, 2)
        assert camera.frame - there.shown[-1] <= 3
        assert len(there.numbers) > received
        assert there.numbers == set(range(min(there.numbers), max(there.numbers) + 1))
        assert there.asked == asked
        camera.on = False
        assert emptied(run)


@pytest.mark.parametrize("seed", range(3))
def test_either_side_may_close_first_and_all_buffers_come_home(seed: int) -> None:
    chance = random.Random(seed)
    with call(seed, workers=2) as run:
        for _ in range(12):
            ann = run.join("ann", worker=chance.randrange(2), **LOSSY)
            bob = run.join("bob", worker=1 - run.worlds.index(ann.world), **LOSSY)
            film, voice = run.film(ann), run.speak(ann)
            copies = {
                inbound: bob.world.replica(
                    ann.world, inbound, kind=kind, clock_rate=CLOCK_RATES[kind]
                )
                for inbound, kind in ((film, VIDEO), (voice, AUDIO))
            }
            viewer = run.watch(bob, copies[film])[1]
            run.listen(bob, copies[voice])
            run.run(0.5 + chance.random())
            assert viewer.numbers
            endings: list[Any] = [
                lambda ann=ann: ann.world.close("transport", ann.transport),
                lambda bob=bob: bob.world.close("transport", bob.transport),
                *(
                    lambda ann=ann, bob=bob, inbound=inbound, copy=copy: end(
                        ann.world, bob.world, inbound, copy
                    )
                    for inbound, copy in copies.items()
                ),
            ]
            chance.shuffle(endings)
            for ending in endings:
                ending()
                if chance.random() < 0.5:
                    run.run(0.05)
            ann.gone = bob.gone = True
            run.step()  # what they were told at the end
            run.close()
            run.participants.clear()
        assert emptied(run)
        assert total(run, "replicas") == 0
        assert all(len(world.snapshot()) == 0 for world in run.worlds)


def end(source: World, there: World, inbound: int, copy: int) -> None:
    there.close("inbound", copy)
    source.untap(inbound, there, copy)


def test_worlds_that_end_in_the_middle_of_it_leave_nothing_behind() -> None:
    """Frames on the link, in histories and on hold: what one has lent goes after all have ended."""
    with call(workers=2) as run:
        ann, bob = run.join("ann"), run.join("bob", worker=1)
        film = run.film(ann)
        run.watch(bob, replica(run, ann, film, VIDEO, 1))
        run.run(1)
        run.stuck.add(run.worlds[1])
        run.run(0.2)
        assert run.worlds[0].counters()["buffers_lent"] > 0


def test_what_nobody_watches_rests_and_so_says_each_worker() -> None:
    """Its own worker has no receivers; the other tells when it has some, and none any more."""
    with call(workers=2) as run:
        ann, bob = run.join("ann"), run.join("bob", worker=1)
        film = run.film(ann)
        copy = replica(run, ann, film, VIDEO, 1)
        outbound, viewer = run.watch(bob, copy)
        run.run(5)
        said = {event[1:] for event in run.events if event[0] == "wanted"}
        assert said == {(film, 0), (copy, 1)}
        bob.world.pause(outbound, True)
        run.run(5)
        assert [event[1:] for event in run.events if event[0] == "wanted"][-1] == (copy, 0)
        bob.world.pause(outbound, False)
        shown = len(viewer.shown)
        run.run(0.5)
        assert [event[1:] for event in run.events if event[0] == "wanted"][-1] == (copy, 1)
        assert len(viewer.shown) > shown
