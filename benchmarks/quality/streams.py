"""The RTP streams of a recording: loops of its units, with numbers and timestamps that go on."""

import random
import struct
import time
from collections.abc import Iterator, Sequence

from benchmarks.load.peer import AUDIO_PT
from benchmarks.quality.recording import (
    CLOCK_RATES,
    LEVEL_ID,
    SECONDS,
    VIDEO_PT,
    Unit,
    descriptor_size,
    is_key,
)
from tests.support.red import red

RED_PT = 63
MID_ID, RID_ID = 4, 10  # header extensions in the sections of person.TEXT
SENDER_REPORT, DESCRIPTION = 200, 202
NTP_EPOCH = 2_208_988_800  # RFC 3550 section 4, in seconds before 1970


class Stream:
    """One RTP stream, from `begin` on. Times are of time.monotonic()."""

    pt: int
    mid: bytes
    clock_rate: int

    def __init__(self, units: Sequence[Unit]) -> None:
        chance = random.SystemRandom()
        self.ssrc, self._seq = chance.getrandbits(32), chance.getrandbits(16)
        self._first_ts, self._epoch = chance.getrandbits(32), time.monotonic()
        self._units, self._place = units, 0
        self._loop_began = self._epoch
        self.active = True
        self.packets = self.bytes = self.units = self.keyframes = 0

    @property
    def due(self) -> float:
        """When its next unit is."""
        return self._loop_began + self._units[self._place].at

    def begin(self, now: float, place: float = 0.0) -> None:
        """Now, at this share of the loop: a picture with its keyframe, at 0."""
        self._place = int(place * len(self._units))
        self._loop_began = now - self._units[self._place].at

    def take(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        """Of the next unit each packet's fixed header, header extensions and payload."""
        unit, ts = self._units[self._place], self.timestamp(self.due)
        payloads = self._payloads(unit)
        for number, payload in enumerate(payloads):
            marker = self.pt == VIDEO_PT and number == len(payloads) - 1
            header = (0x90, marker << 7 | self.pt, self._seq, ts, self.ssrc)
            yield struct.pack("!BBHII", *header), self._extensions(unit), payload
            self._seq = (self._seq + 1) % 65536
            self.packets += 1
            self.bytes += len(payload)
        self.units += 1
        self._place += 1
        if self._place == len(self._units):
            self.begin(self._loop_began + SECONDS)

    def timestamp(self, at: float) -> int:
        """Of its RTP clock."""
        return (self._first_ts + round((at - self._epoch) * self.clock_rate)) % 2**32

    def report(self, now: float) -> bytes:
        """Sender report and the source's name (RFC 3550 sections 6.4.1 and 6.5)."""
        ntp = round((time.time() - time.monotonic() + now + NTP_EPOCH) * 2**32)
        counts = (self.timestamp(now), self.packets, self.bytes % 2**32)
        report = struct.pack("!BBHIQIII", 0x80, SENDER_REPORT, 6, self.ssrc, ntp, *counts)
        return report + struct.pack("!BBHI2B6s", 0x81, DESCRIPTION, 3, self.ssrc, 1, 4, b"load")

    def _payloads(self, unit: Unit) -> Sequence[bytes]:
        raise NotImplementedError

    def _extensions(self, unit: Unit) -> bytes:
        return element(MID_ID, self.mid)


class Voice(Stream):
    """Redundant where the server takes it (RFC 2198), as Chromium's."""

    mid = b"0"
    pt = AUDIO_PT
    clock_rate = CLOCK_RATES[AUDIO_PT]

    def _payloads(self, unit: Unit) -> Sequence[bytes]:
        if self.pt != RED_PT:
            return unit.payloads
        [opus] = unit.payloads
        before = self._units[self._place - 1]
        age = round((unit.at - before.at) % SECONDS * self.clock_rate)
        return [red([(AUDIO_PT, age, before.payloads[0]), (AUDIO_PT, 0, opus)])]

    def _extensions(self, unit: Unit) -> bytes:
        return super()._extensions(unit) + element(LEVEL_ID, bytes([0x80 | unit.level]))


class Picture(Stream):
    """One encoding, whose pictures are numbered on over all loops."""

    mid = b"1"
    pt = VIDEO_PT
    clock_rate = CLOCK_RATES[VIDEO_PT]

    def __init__(self, units: Sequence[Unit], rid: str, lines: int) -> None:
        super().__init__(units)
        self.rid, self.lines = rid, lines
        self.plis = 0
        self._picture, self._base = 0, 0  # picture id and TL0PICIDX (RFC 7741)

    def _payloads(self, unit: Unit) -> Sequence[bytes]:
        self.keyframes += is_key(unit.payloads[0])
        self._picture = (self._picture + 1) % 0x8000
        self._base = (self._base + (temporal_layer(unit.payloads[0]) == 0)) % 256
        return [renumbered(payload, self._picture, self._base) for payload in unit.payloads]

    def _extensions(self, unit: Unit) -> bytes:
        return super()._extensions(unit) + element(RID_ID, self.rid.encode())


def element(number: int, value: bytes) -> bytes:
    """A header extension's one-byte element (RFC 8285 section 4.2)."""
    return bytes([number << 4 | len(value) - 1]) + value


def temporal_layer(payload: bytes) -> int:
    """Of a payload descriptor that has one, which is its last byte (RFC 7741 section 4.2)."""
    return payload[descriptor_size(payload) - 1] >> 6


def renumbered(payload: bytes, picture: int, base: int) -> bytes:
    """With another picture id, of 15 bits, and TL0PICIDX."""
    return payload[:2] + struct.pack("!HB", 0x8000 | picture, base) + payload[5:]
