"""Who is muted is not heard or seen from that moment on: not one packet more leaves for anybody,
whatever the sender goes on sending and whatever its receivers ask for again.
"""

import pytest

from fastsfu._native.engine.voices import RoomVoices
from tests.scenarios.call import AUDIO, VIDEO, Call, call
from tests.scenarios.participant import Participant
from tests.scenarios.test_links import emptied, replica

LOSSY = {"loss": 0.08, "delay_us": 20_000, "jitter_us": 15_000}
TRIES = 10  # of each seed


class Stage:
    """A picture and two kinds of sound, with receivers at two workers."""

    def __init__(self, run: Call) -> None:
        self.run = run
        ann, ben, cat = self.senders = [run.join(name, **LOSSY) for name in ("ann", "ben", "cat")]
        film, voice = run.film(ann), run.speak(ben, voices=RoomVoices(2))
        rich = run.speak(cat, redundant=True)
        self.viewers = [run.join("dan", **LOSSY), run.join("eve", worker=1, **LOSSY)]
        self.sources = {run.worlds[0]: [film, voice, rich], run.worlds[1]: []}
        for viewer, rtx in zip(self.viewers, (True, False), strict=True):
            self.show(ann, viewer, film, VIDEO, rtx)
            self.show(ben, viewer, voice, AUDIO, False)
            self.show(cat, viewer, rich, AUDIO, True)

    def show(
        self, sender: Participant, viewer: Participant, source: int, kind: int, rich: bool
    ) -> None:
        if viewer.world is not sender.world:
            source = replica(self.run, sender, source, kind, 1)
            self.sources[viewer.world].append(source)
        if kind == VIDEO:
            self.run.watch(viewer, source, rtx=rich)
        else:
            self.run.listen(viewer, source, redundant=rich)

    def mute(self, muted: bool) -> None:
        for world, sources in self.sources.items():
            for source in sources:
                world.pause_inbound(source, muted)

    def packets(self) -> list[int]:
        return [viewer.packets for viewer in self.viewers]


@pytest.mark.parametrize("seed", range(10))
def test_not_one_packet_leaves_of_what_is_muted(seed: int) -> None:
    with call(seed, workers=2) as run:
        stage = Stage(run)
        run.run(1)
        for _ in range(TRIES):
            run.run(run.chance.uniform(0.3, 0.6))
            stage.mute(True)
            before = stage.packets()
            run.run(0.5)
            assert stage.packets() == before
            stage.mute(False)
            run.run(0.3)
            now = stage.packets()
            assert all(now[i] > before[i] + 8 for i in range(2)), (before, now)
        for sender in stage.senders:
            for each in (*sender.cameras, *sender.microphones):
                each.on = False
        assert emptied(run)


def test_what_a_sender_is_asked_for_is_nothing_while_it_is_muted() -> None:
    with call(workers=2) as run:
        stage = Stage(run)
        run.run(1)
        stage.mute(True)
        run.run(0.1)
        camera = stage.senders[0].cameras[0]
        keys = camera.key_frames
        run.run(3)
        assert camera.key_frames == keys


@pytest.mark.parametrize("worker", [0, 1])
def test_a_picture_that_is_being_gathered_stays(worker: int) -> None:
    with call(workers=2) as run:
        ann, bob = run.join("ann"), run.join("bob", worker=worker)
        film = run.film(ann)
        sources = [film]
        if worker:
            sources.append(replica(run, ann, film, VIDEO, worker))
        run.watch(bob, sources[-1])
        run.run(0.5)
        assert bob.packets
        camera = ann.cameras[0]
        camera.wants_key = True
        ann.up.delay_us = 0
        ann.send_media(run.world.now_us, camera.tick(camera.next_us))
        *some, _ = ann.up.due(run.world.now_us)
        run.world.deliver(some, ann.address)
        before = bob.packets
        for world, source in zip({ann.world: 0, bob.world: 0}, sources, strict=True):
            world.pause_inbound(source, True)
        run.run(0.5)
        assert (len(some) > 1, bob.packets) == (True, before)
        camera.on = False
        assert emptied(run)
