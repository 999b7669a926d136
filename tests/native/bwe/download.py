"""A download by TCP over the same bottleneck, on virtual time: a window that grows until something
is lost (Reno of RFC 5681, or CUBIC of RFC 9438 as Linux begins it, with HyStart), SACK and RTO."""

import random
from collections import deque
from dataclasses import dataclass, field

from tests.native.bwe.flow import HEAD, MS
from tests.scenarios.network import OVERHEAD, Link

PACKET_BYTES = 1500
RTO_US = 1_000_000
DUPLICATES = 3  # later ones that arrived: it is lost


@dataclass
class Download:
    """As fast as it can from `begins_us` to `ends_us`. Datagrams begin with `name`."""

    link: Link
    chance: random.Random
    name: int = 1
    cubic: bool = True
    begins_us: int = 0
    ends_us: int = 1 << 60
    back_us: int = 10_000
    window: float = 10.0
    threshold: float = 1e9
    received_bytes: int = 0
    next: int = 0
    recovery: int = 0  # packets below this were sent before the last cut
    flying: dict[int, tuple[int, int]] = field(default_factory=dict)  # when sent, later ones acked
    acks: deque[tuple[int, int]] = field(default_factory=deque)
    least_us: int = 1 << 60  # round trip
    rtt_us: int = 0
    heard_us: int = 0
    most: float = 0.0  # the window before the last cut
    cut_us: int = 0

    def step(self, now_us: int) -> None:
        while self.acks and self.acks[0][0] <= now_us:
            self._acked(self.acks.popleft()[1], now_us)
        if self.flying and now_us - self.heard_us > RTO_US:
            self.flying.clear()
            self.threshold, self.window, self.heard_us = self.window / 2, 1.0, now_us
            self.recovery = self.next
        while self.begins_us <= now_us < self.ends_us and len(self.flying) < int(self.window):
            if not self.flying:
                self.heard_us = now_us
            self.flying[self.next] = now_us, 0
            head = HEAD.pack(self.name, self.next & 0xFFFF)
            self.link.send(now_us, head + bytes(PACKET_BYTES - OVERHEAD - len(head)))
            self.next += 1

    def arrive(self, arrival_us: int, datagram: bytes) -> None:
        seq = HEAD.unpack_from(datagram)[1]
        number = self.next - 1 - (self.next - 1 - seq) % 0x10000
        self.received_bytes += PACKET_BYTES
        self.acks.append((arrival_us + self.back_us, number))

    def tell(self, now_us: int) -> None:
        """Each packet was acknowledged at once."""

    def _acked(self, number: int, now_us: int) -> None:
        if number not in self.flying:
            return
        self.heard_us = now_us
        self.rtt_us = now_us - self.flying.pop(number)[0]
        self.least_us = min(self.least_us, self.rtt_us)
        for other in [one for one in self.flying if one < number]:
            at_us, later = self.flying[other]
            self.flying[other] = at_us, later + 1
            if later + 1 >= DUPLICATES:
                del self.flying[other]
                self._lost(other, now_us)
        self._grow(now_us)

    def _lost(self, number: int, now_us: int) -> None:
        if number < self.recovery:
            return
        self.recovery, self.most, self.cut_us = self.next, self.window, now_us
        self.window = self.threshold = max(2.0, self.window * (0.7 if self.cubic else 0.5))

    def _grow(self, now_us: int) -> None:
        if self.window < self.threshold:
            self.window += 1
            late_us = self.rtt_us - self.least_us
            if self.cubic and late_us > min(16 * MS, self.least_us / 8 + 4 * MS):
                self.threshold = self.most = self.window
                self.cut_us = now_us
            return
        if not self.cubic:
            self.window += 1 / self.window
            return
        since = (now_us - self.cut_us) / 1e6
        ideal = 0.4 * (since - (self.most * 0.3 / 0.4) ** (1 / 3)) ** 3 + self.most
        friendly = 0.53 / self.window  # as fast as Reno on a short way
        self.window += max(friendly, min(0.5, (ideal - self.window) / self.window))
