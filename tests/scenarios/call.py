"""A call on virtual time: emulated clients around real workers. A run is decided by its seed."""

import random
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fastsfu._native.engine.links import Links
from fastsfu._native.engine.voices import RoomVoices
from fastsfu._native.packet.codec import Codec
from tests.native.faces.world import World
from tests.scenarios.flows import AUDIO_PT, RED_PT, RTX_PT, VIDEO_PT, Camera, Microphone, Viewer
from tests.scenarios.participant import Participant

STEP_US = 1000
AUDIO, VIDEO = 0, 1


class Bystander:
    """Somebody who has nothing to do with the call; `heard` is what came to them."""

    def __init__(self) -> None:
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
        self.sockets[0].bind(("127.0.0.1", 0))
        self.sockets[0].setblocking(False)
        self.address = self.sockets[0].getsockname()
        self.heard: list[bytes] = []

    def drain(self, now_us: int) -> int:
        before = len(self.heard)
        with suppress(BlockingIOError):
            while True:
                self.heard.append(self.sockets[0].recv(2048))
        return len(self.heard) - before


class Call:
    def __init__(self, seed: int, workers: int = 1, **worker: Any) -> None:
        self.chance = random.Random(seed)
        links = Links()
        self.worlds = [World(index=i, links=links, **worker) for i in range(workers)]
        self.world = self.worlds[0]
        self.stuck: set[World] = set()  # they do nothing
        self.at_once = False  # what comes in one step is one batch, whoever sends it
        self.participants: list[Participant] = []
        self.bystanders: list[Bystander] = []
        self.events: list[tuple[str, int, Any]] = []
        self.drained = 0

    def join(self, name: str, *, early: bool = False, worker: int = 0, **path: Any) -> Participant:
        """`early`: it sends before the worker has its keys, which `hand_over` gives.

        `path`: delay_us, jitter_us and loss of both directions.
        """
        participant = Participant(self.worlds[worker], name, self.chance, **path)
        participant.exchange_keys()
        if not early:
            participant.hand_over()
        self.participants.append(participant)
        return participant

    def film(self, publisher: Participant, *, fir: bool = False, **feedback: bool) -> int:
        """A camera; returns the handle of its inbound stream."""
        camera = Camera(self.chance.getrandbits(32), self.chance.getrandbits(32), self.chance)
        camera.knows_only_fir = fir
        publisher.cameras.append(camera)
        return self.publish(publisher, camera, fir=fir, **feedback)

    def publish(
        self, publisher: Participant, camera: Camera, *, named: bool = False, **feedback: bool
    ) -> int:
        """An inbound stream for a camera; `named`: its SSRCs are signaled."""
        camera.next_us = self.world.now_us
        camera.on = True
        return publisher.world.inbound(
            publisher.transport, kind=VIDEO, mid=camera.mid,
            ssrc=camera.ssrc if named else None, rtx_ssrc=camera.rtx_ssrc if named else None,
            payload_types=[(VIDEO_PT, int(Codec.CODEC_VP8), 90_000, RTX_PT)], **feedback,
        )  # fmt: skip

    def speak(
        self, publisher: Participant, *, redundant: bool = False, voices: RoomVoices | None = None
    ) -> int:
        microphone = Microphone(
            self.chance.getrandbits(32), next_us=self.world.now_us, redundant=redundant
        )
        publisher.microphones.append(microphone)
        return publisher.world.inbound(
            publisher.transport, kind=AUDIO, mid=microphone.mid, nack=False, voices=voices,
            payload_types=[
                (AUDIO_PT, int(Codec.CODEC_OPUS), 48_000, -1),
                (RED_PT, int(Codec.CODEC_RED), 48_000, -1),
            ],
        )  # fmt: skip

    def watch(
        self,
        watcher: Participant,
        inbound: int,
        *,
        rtx: bool = True,
        numbered: bool = False,
        paused: bool = False,
        mid: str = "",
    ) -> tuple[int, Viewer]:
        """(handle of the outbound stream, its viewer). `numbered`: with transport-wide numbers.
        `mid`: that packets say."""
        ssrc, rtx_ssrc = self.chance.getrandbits(32), self.chance.getrandbits(32) if rtx else None
        viewer = Viewer(ssrc, rtx_ssrc)
        watcher.viewers[ssrc] = viewer
        outbound = watcher.world.outbound(
            watcher.transport, inbound, ssrc=ssrc, rtx_ssrc=rtx_ssrc,
            payload_types=[(VIDEO_PT, VIDEO_PT, RTX_PT if rtx else -1)],
            first_seq=self.chance.getrandbits(15), ts_offset=self.chance.getrandbits(32),
            numbered=numbered, paused=paused, mid=mid,
        )  # fmt: skip
        return outbound, viewer

    def listen(
        self,
        listener: Participant,
        inbound: int,
        *,
        redundant: bool = False,
        numbered: bool = False,
    ) -> tuple[int, int]:
        """(handle of the outbound stream, its SSRC); `redundant`: it can take that."""
        payload_types = [(AUDIO_PT, AUDIO_PT, -1), *([(RED_PT, RED_PT, -1)] if redundant else [])]
        ssrc = self.chance.getrandbits(32)
        outbound = listener.world.outbound(
            listener.transport, inbound, ssrc=ssrc, payload_types=payload_types,
            first_seq=self.chance.getrandbits(15), ts_offset=self.chance.getrandbits(32),
            numbered=numbered,
        )  # fmt: skip
        return outbound, ssrc

    def run(self, seconds: float) -> None:
        end_us = self.world.now_us + int(seconds * 1_000_000)
        while self.world.now_us < end_us:
            self.step()

    def step(self) -> None:
        now_us = self.world.now_us
        for participant in self.participants:
            participant.tick(now_us)
            datagrams = participant.up.due(now_us)
            if datagrams:
                world = participant.world
                (world.take if self.at_once else world.deliver)(datagrams, participant.address)
        for world in self.worlds:
            (world.stall if world in self.stuck else world.advance)(STEP_US)
            self.events += world.events()
        self._drain()
        for participant in self.participants:
            participant.receive(self.world.now_us)

    def _drain(self) -> None:
        """Until every datagram that the worker sent has come out of the loopback interface."""
        sent = sum(world.counters()["datagrams_sent"] for world in self.worlds)
        while self.drained < sent:
            ends = [*self.participants, *self.bystanders]
            sockets = [opened for end in ends for opened in end.sockets]
            ready, _, _ = select.select(sockets, [], [], 5)
            assert ready, (
                f"{sent - self.drained} datagrams did not come out of the loopback interface"
            )
            self.drained += sum(end.drain(self.world.now_us) for end in ends)

    def row(self, handle: int, world: World | None = None) -> Any:
        """The counters of one stream or transport."""
        rows = (world or self.world).snapshot()
        return rows[rows["handle"] == handle][0]

    def bystander(self) -> Bystander:
        self.bystanders.append(Bystander())
        return self.bystanders[-1]

    def close(self) -> None:
        for end in (*self.participants, *self.bystanders):
            for opened in end.sockets:
                opened.close()


@contextmanager
def call(seed: int = 1, **worker: Any) -> Iterator[Call]:
    """Prints the seed when the scenario fails."""
    opened = Call(seed, **worker)
    try:
        yield opened
    except BaseException as failure:
        failure.add_note(f"seed {seed}")
        raise
    finally:
        opened.close()
