"""A sender that follows its estimate, over a bottleneck, on virtual time: estimator, pacer and
probes in a closed loop."""

import random
import statistics
import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.native.faces.bwe import Pacer
from tests.native.faces.estimator import Estimator
from tests.scenarios.network import OVERHEAD, Link

MS = 1000
AUDIO_BYTES, VIDEO_BYTES, FILLER_BYTES = 130, 1100, 250
HEAD = struct.Struct("!BH")
PACE = 1.5


@dataclass
class Flow:
    """Sound of 20 ms packets, and video of 30 frames a second at the rate that `video_bps` makes
    of the estimate. `link` may be shared: datagrams begin with `name`."""

    link: Link
    chance: random.Random
    name: int = 0
    video_bps: Callable[[int], float] = lambda estimate: 0.92 * estimate - 70_000
    wanted_bps: int = 2_500_000
    back_us: int = 10_000
    feedback_us: int = 100 * MS
    back_loss: float = 0.0
    origin_ticks: int = 0xFFFF_0000  # the receiver's clock, soon to wrap
    estimates: list[int] = field(default_factory=list)  # each 10 ms
    sent_bytes: int = 0
    filler_bytes: int = 0

    def __post_init__(self) -> None:
        self.estimator = Estimator(0, first=65_000)
        self.pacer = Pacer(0)
        self.seen: dict[int, int] = {}  # arrival in us, of what is not yet told
        self.told = self.highest = 64_999
        self.feedback: deque[tuple[int, list[tuple[int, int | None]]]] = deque()
        self.audio_us = self.video_us = self.feedback_due_us = self.frames = 0
        self.estimator.wanted_bps = self.wanted_bps

    def step(self, now_us: int) -> None:
        while self.feedback and self.feedback[0][0] <= now_us:
            self.estimator.feedback(self.feedback.popleft()[1], now_us)
            self.pacer.rate(PACE * self.estimator.bps if self.estimator.proven else 0, now_us)
        if now_us % (100 * MS) == 0:
            self.estimator.tick(now_us)
        if now_us % (10 * MS) == 0:
            self.estimates.append(self.estimator.bps)
        self._media(now_us)
        while (paced := self.pacer.next(now_us)) is not None:
            self._send(paced[2], now_us)
        self.estimator.probe(now_us)
        while (owed := self.estimator.owed(now_us)) > 0:
            size = max(60, min(FILLER_BYTES, owed))
            self.filler_bytes += size
            self.pacer.charge(size, now_us)
            self._send(size, now_us)

    def _media(self, now_us: int) -> None:
        if now_us >= self.audio_us:
            self.audio_us = now_us + 20 * MS
            self.pacer.charge(AUDIO_BYTES, now_us)
            self._send(AUDIO_BYTES, now_us)
        if now_us < self.video_us:
            return
        self.video_us = now_us + 33 * MS
        bits = max(0.0, self.video_bps(self.estimator.bps)) / 30
        size = int(bits / 8 * self.chance.uniform(0.7, 1.3) * (3 if self.frames == 0 else 1))
        self.frames += 1
        while size > 100:
            part = min(size, VIDEO_BYTES)
            size -= part
            if self.pacer.admits(part, now_us):
                self.pacer.charge(part, now_us)
                self._send(part, now_us)
            else:
                self.pacer.put(1, 0, part, now_us)

    def _send(self, size: int, now_us: int) -> None:
        number = self.estimator.sends(size, now_us)
        self.sent_bytes += size
        datagram = HEAD.pack(self.name, number)
        self.link.send(now_us, datagram + bytes(size - OVERHEAD - len(datagram)))

    def arrive(self, arrival_us: int, datagram: bytes) -> None:
        seq = HEAD.unpack_from(datagram)[1]
        number = self.highest + (seq - self.highest + 0x8000) % 0x10000 - 0x8000
        self.seen[number] = arrival_us
        self.highest = max(self.highest, number)

    def tell(self, now_us: int) -> None:
        if now_us < self.feedback_due_us:
            return
        self.feedback_due_us = now_us + self.feedback_us
        if self.highest == self.told:
            return
        arrivals = [
            (n & 0xFFFF, self._ticks(self.seen.pop(n)) if n in self.seen else None)
            for n in range(self.told + 1, self.highest + 1)
        ]
        self.told = self.highest
        if self.chance.random() >= self.back_loss:
            self.feedback.append((now_us + self.back_us, arrivals))

    def _ticks(self, arrival_us: int) -> int:
        return (self.origin_ticks + arrival_us // 250) & 0xFFFF_FFFF

    def average(self, begin: float, end: float) -> float:
        """Of the estimate, bits a second, between two times in seconds."""
        return statistics.mean(self.estimates[int(begin * 100) : int(end * 100)])


class Traffic(Protocol):
    """Whatever shares the link; its datagrams begin with its place among all."""

    link: Link

    def step(self, now_us: int) -> None: ...
    def arrive(self, arrival_us: int, datagram: bytes) -> None: ...
    def tell(self, now_us: int) -> None: ...


def run(
    flows: Sequence[Traffic], seconds: float, events: dict[float, Callable[[], None]] | None = None
) -> None:
    """All flows over one link; `events`: what happens at a time, in seconds."""
    link, due = flows[0].link, dict(events or {})
    for now_ms in range(int(seconds * 1000)):
        now_us = now_ms * MS
        if now_ms / 1000 in due:
            due.pop(now_ms / 1000)()
        for flow in flows:
            flow.step(now_us)
        for arrival_us, datagram in link.arrived(now_us):
            flows[datagram[0]].arrive(arrival_us, datagram)
        for flow in flows:
            flow.tell(now_us)
