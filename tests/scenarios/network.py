"""A path between two hosts, on virtual time: delay, jitter (so reordering), loss, and a bottleneck
with a queue before it, by a seed."""

import heapq
import random
from dataclasses import dataclass, field

OVERHEAD = 28  # bytes of IPv4 and UDP around a datagram


@dataclass
class Link:
    """One direction. Times in microseconds; `loss`: share of datagrams that never arrive.

    `rate_bps`: bits a second of IP, 0 = any; what would wait longer than `queue_us` is dropped.
    """

    chance: random.Random
    delay_us: int = 20_000
    jitter_us: int = 0
    loss: float = 0.0
    rate_bps: int = 0
    queue_us: int = 200_000
    lost: int = 0
    dropped: int = 0
    carried: int = 0  # bytes of IP that went through
    waits_us: list[int] = field(default_factory=list)  # of each datagram, in the queue
    _waiting: list[tuple[int, int, bytes]] = field(default_factory=list)
    _sent: int = 0
    _free_us: int = 0  # when the bottleneck has sent all that it has taken

    def send(self, now_us: int, datagram: bytes) -> None:
        self._sent += 1
        if self.chance.random() < self.loss:
            self.lost += 1
            return
        left_us = self._queue(now_us, OVERHEAD + len(datagram)) if self.rate_bps else now_us
        if left_us < 0:
            self.dropped += 1
            return
        arrival_us = left_us + self.delay_us
        if self.jitter_us:
            arrival_us += self.chance.randint(0, self.jitter_us)
        self.carried += OVERHEAD + len(datagram)
        heapq.heappush(self._waiting, (arrival_us, self._sent, datagram))

    def _queue(self, now_us: int, size: int) -> int:
        """When the last bit has left the bottleneck; -1: the queue is full."""
        wait_us = max(0, self._free_us - now_us)
        if wait_us > self.queue_us:
            return -1
        self.waits_us.append(wait_us)
        self._free_us = now_us + wait_us + size * 8_000_000 // self.rate_bps
        return self._free_us

    def due(self, now_us: int) -> list[bytes]:
        """What has arrived by now, in order of arrival."""
        return [datagram for _, datagram in self.arrived(now_us)]

    def arrived(self, now_us: int) -> list[tuple[int, bytes]]:
        """The same, with the time of each."""
        found = []
        while self._waiting and self._waiting[0][0] <= now_us:
            arrival_us, _, datagram = heapq.heappop(self._waiting)
            found.append((arrival_us, datagram))
        return found
