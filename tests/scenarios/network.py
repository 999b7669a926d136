"""A path between two hosts, on virtual time: delay, jitter (so reordering) and loss, by a seed."""

import heapq
import random
from dataclasses import dataclass, field


@dataclass
class Link:
    """One direction. Times in microseconds; `loss`: share of datagrams that never arrive."""

    chance: random.Random
    delay_us: int = 20_000
    jitter_us: int = 0
    loss: float = 0.0
    lost: int = 0
    _waiting: list[tuple[int, int, bytes]] = field(default_factory=list)
    _sent: int = 0

    def send(self, now_us: int, datagram: bytes) -> None:
        self._sent += 1
        if self.chance.random() < self.loss:
            self.lost += 1
            return
        arrival_us = now_us + self.delay_us + self.chance.randint(0, self.jitter_us)
        heapq.heappush(self._waiting, (arrival_us, self._sent, datagram))

    def due(self, now_us: int) -> list[bytes]:
        """What has arrived by now, in order of arrival."""
        found = []
        while self._waiting and self._waiting[0][0] <= now_us:
            found.append(heapq.heappop(self._waiting)[2])
        return found
