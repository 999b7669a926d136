"""What an emulated client sends and receives: frames of VP8 with RTX, and Opus.

The last 8 bytes of a video payload say which frame it is of, which packet of how many, and if the
frame is a key frame; so the viewer knows what a decoder could show."""

import random
import struct
from dataclasses import dataclass, field

from tests.support.red import red

MID_ID, TRANSPORT_SEQ_ID, LEVEL_ID = 1, 3, 10
DESCRIPTOR_ID, CONTENT_TYPE_ID, PLAYOUT_DELAY_ID = 12, 13, 14
VIDEO_PT, RTX_PT, AUDIO_PT, RED_PT = 96, 97, 111, 63
FRAME_US = 33_333
AUDIO_US = 20_000
KEY_TAG, DELTA_TAG = b"\x10\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00", b"\x11\x00\x00"
TAIL = struct.Struct("!IHBB")


def rtp(
    pt: int, seq: int, ts: int, ssrc: int, payload: bytes, *, marker=False, extension=b"",
    profile=0xBEDE,
):  # fmt: skip
    """`extension`: elements of RFC 8285's one-byte form, unless the profile says another."""
    head = struct.pack(
        "!BBHII", 0x90 if extension else 0x80, marker << 7 | pt, seq & 0xFFFF, ts & 0xFFFFFFFF, ssrc
    )
    if extension:
        extension += bytes(-len(extension) % 4)
        head += struct.pack("!HH", profile, len(extension) // 4) + extension
    return head + payload


def parse(packet: bytes) -> tuple[int, bool, int, int, int, bytes]:
    """(payload type, marker, number, timestamp, SSRC, payload without padding)."""
    first, second, seq, ts, ssrc = struct.unpack_from("!BBHII", packet)
    at = 12 + 4 * (first & 15)
    if first & 0x10:
        at += 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
    end = len(packet) - (packet[-1] if first & 0x20 else 0)
    return second & 127, second > 127, seq, ts, ssrc, packet[at:end]


def transport_number(packet: bytes, wanted: int = TRANSPORT_SEQ_ID) -> int | None:
    """The transport-wide number among its header extensions."""
    value = element(packet, wanted)
    return None if value is None else int.from_bytes(value, "big")


def element(packet: bytes, wanted: int) -> bytes | None:
    """The value of a header extension (RFC 8285), in either form."""
    if not packet[0] & 0x10:
        return None
    at = 12 + 4 * (packet[0] & 15)
    profile, words = struct.unpack_from("!HH", packet, at)
    at, end = at + 4, at + 4 + 4 * words
    while at < end:
        if packet[at] == 0:
            at += 1
            continue
        one_byte = profile == 0xBEDE
        number = packet[at] >> 4 if one_byte else packet[at]
        size = (packet[at] & 15) + 1 if one_byte else packet[at + 1]
        at += 1 if one_byte else 2
        if number == wanted:
            return packet[at : at + size]
        at += size
    return None


@dataclass
class Camera:
    """A frame each `frame_us`, of 1 to 6 packets. Answers NACKs by RTX, PLIs by a key frame."""

    ssrc: int
    rtx_ssrc: int
    chance: random.Random
    mid: str = "v"
    seq: int = 65_000
    rtx_seq: int = 7
    frame: int = -1
    next_us: int = 0
    on: bool = True
    key_frames: int = 0
    wants_key: bool = True
    frame_us: int = FRAME_US
    usual_packets: tuple[int, int] = (1, 4)  # of a frame, from .. to
    key_packets: tuple[int, int] = (4, 6)  # of a key frame
    answered: int = 0
    forgetful: bool = False
    knows_only_fir: bool = False
    fir_command: int | None = None  # the last one that was carried out
    packets: int = 0
    octets: int = 0
    ts: int = 0
    start_ts: int = 0xFFFF_F000
    sent: dict[int, bytes] = field(default_factory=dict)
    stamps: dict[int, int] = field(default_factory=dict)  # timestamp of each frame

    def tick(self, now_us: int) -> list[bytes]:
        """What leaves now."""
        if now_us < self.next_us or not self.on:
            return []
        self.next_us = max(self.next_us, now_us - self.frame_us) + self.frame_us
        self.frame += 1
        self.ts = self.stamps[self.frame] = self.timestamp(now_us)
        key, self.wants_key = self.wants_key, False
        self.key_frames += key
        count = self.chance.randint(*self.key_packets if key else self.usual_packets)
        size = self.chance.randint(200, 1100)
        return [self._packet(i, count, key, size + self.chance.randint(0, 1)) for i in range(count)]

    def timestamp(self, now_us: int) -> int:
        return (self.start_ts + now_us * 90_000 // 1_000_000) & 0xFFFFFFFF

    def again(self, seqs: list[int]) -> list[bytes]:
        """RTX (RFC 4588) of these numbers."""
        found = [self.sent[seq] for seq in seqs if not self.forgetful]
        self.answered += len(found)
        return [self._rtx(packet) for packet in found]

    def on_fir(self, commands: dict[int, int]) -> None:
        """A key frame for each new command; one that comes again is a repetition (RFC 5104)."""
        command = commands.get(self.ssrc)
        if command is not None and command != self.fir_command:
            self.fir_command = command
            self.wants_key = True

    def _packet(self, index: int, count: int, key: bool, size: int) -> bytes:
        tag = KEY_TAG if key else DELTA_TAG
        payload = b"\x10" + tag if index == 0 else b"\x00"
        payload += bytes(size) + TAIL.pack(self.frame, index, count, key)
        return self._next(payload, marker=index == count - 1)

    def _next(self, payload: bytes, *, marker: bool) -> bytes:
        """The packet of the next number, kept for who misses it and counted for reports."""
        packet = rtp(
            VIDEO_PT, self.seq, self.ts, self.ssrc, payload,
            marker=marker, extension=self._names(),
        )  # fmt: skip
        self.sent[self.seq & 0xFFFF] = packet
        self.seq += 1
        self.packets += 1
        self.octets += len(payload)
        return packet

    def _rtx(self, packet: bytes) -> bytes:
        _, marker, seq, ts, _, payload = parse(packet)
        self.rtx_seq += 1
        return rtp(
            RTX_PT, self.rtx_seq, ts, self.rtx_ssrc, seq.to_bytes(2, "big") + payload,
            marker=marker, extension=self._names(repair=True),
        )  # fmt: skip

    def _names(self, *, repair: bool = False) -> bytes:
        """Of what it belongs to (RFC 8843 section 15.2, RFC 8852)."""
        return bytes([MID_ID << 4 | len(self.mid) - 1]) + self.mid.encode()


@dataclass
class Microphone:
    """A packet each 20 ms, of a voice as loud as `level` (-dBov); it ends in its place, from 0."""

    ssrc: int
    mid: str = "a"
    seq: int = 100
    next_us: int = 0
    level: int = 127
    on: bool = True
    redundant: bool = False  # each packet says the one before it again
    sizes: tuple[int, ...] = (80,)  # payload bytes of its packets, in turns
    packets: int = 0
    octets: int = 0
    start_ts: int = 0x1234_5678
    stamps: list[int] = field(default_factory=list)  # timestamp of each packet
    idle_us: int = 0  # for how long its clock has stood still
    frozen_us: int | None = None  # since then it stands still: what `pause` begins

    def pause(self, now_us: int) -> None:
        """As libwebrtc does without a track: no packets, and the clock of timestamps stops."""
        self.on, self.frozen_us = False, now_us

    def resume(self, now_us: int) -> None:
        assert self.frozen_us is not None
        self.idle_us += now_us - self.frozen_us
        self.on, self.frozen_us = True, None

    def tick(self, now_us: int) -> list[bytes]:
        if now_us < self.next_us or not self.on:
            return []
        self.next_us = max(self.next_us, now_us - AUDIO_US) + AUDIO_US
        self.seq += 1
        self.packets += 1
        self.octets += 80
        extension = bytes([LEVEL_ID << 4, self.level, MID_ID << 4 | len(self.mid) - 1])
        extension += self.mid.encode()
        ts = self.timestamp(now_us)
        self.stamps.append(ts)
        payload, before = self._payload(self.packets - 1), self._payload(self.packets - 2)
        pt = AUDIO_PT
        if self.redundant:
            pt, payload = RED_PT, red([(pt, 960, before), (pt, 0, payload)])
        return [rtp(pt, self.seq, ts, self.ssrc, payload, extension=extension)]

    def _payload(self, place: int) -> bytes:
        return bytes(self.sizes[place % len(self.sizes)] - 4) + max(place, 0).to_bytes(4, "big")

    def timestamp(self, now_us: int) -> int:
        ran_us = (now_us if self.frozen_us is None else self.frozen_us) - self.idle_us
        return (self.start_ts + ran_us * 48_000 // 1_000_000) & 0xFFFFFFFF


@dataclass
class Viewer:
    """Receives one video: asks for what is missing, and tells which frames can be shown."""

    ssrc: int
    rtx_ssrc: int | None
    retry_us: int = 60_000
    highest: int = -1
    numbers: set[int] = field(default_factory=set)
    missing: dict[int, tuple[int, int]] = field(default_factory=dict)
    frames: dict[int, set[int]] = field(default_factory=dict)
    shown: list[int] = field(default_factory=list)
    timestamps: dict[int, int] = field(default_factory=dict)
    first_us: int | None = None
    last_us: int = 0
    repaired: int = 0
    asked: int = 0
    pli_us: int = 0
    plis: int = 0
    packet: bytes = b""  # the one that is taken

    def note(self, now_us: int, seq: int, *, repair: bool) -> bool:
        """A number has come; False: again."""
        number = seq
        if self.highest >= 0:
            number = self.highest + (seq - self.highest + 0x8000) % 0x10000 - 0x8000
        for gap in range(self.highest + 1, number) if self.highest >= 0 else ():
            self.missing[gap] = (now_us + 5_000, 0)
        self.highest = max(self.highest, number)
        self.repaired += repair and number in self.missing
        self.missing.pop(number, None)
        if number in self.numbers:
            return False
        self.numbers.add(number)
        return True

    def take(self, now_us: int, seq: int, ts: int, payload: bytes, *, repair: bool) -> None:
        if not self.note(now_us, seq, repair=repair):
            return
        self.first_us = now_us if self.first_us is None else self.first_us
        self.last_us = now_us
        frame, index, count, key = TAIL.unpack(payload[-TAIL.size :])
        self.timestamps.setdefault(frame, ts)
        assert self.timestamps[frame] == ts
        parts = self.frames.setdefault(frame, set())
        parts.add(index)
        if len(parts) == count:
            self._show(frame, bool(key))

    def _show(self, frame: int, key: bool) -> None:
        """A key frame decodes by itself, another after the one before it."""
        self.frames[frame] = {-1} if not key else {-2}
        if key and (not self.shown or frame > self.shown[-1]):
            self.shown.append(frame)
        while self.shown and self.frames.get(self.shown[-1] + 1) in ({-1}, {-2}):
            self.shown.append(self.shown[-1] + 1)

    def nacks(self, now_us: int) -> list[int]:
        """Numbers to ask for again now (on the wire); each at most 10 times."""
        due = [n for n, (at, asks) in self.missing.items() if at <= now_us and asks < 10]
        for number in due:
            self.missing[number] = (now_us + self.retry_us, self.missing[number][1] + 1)
        self.asked += len(due)
        return [number & 0xFFFF for number in due]

    def needs_key(self, now_us: int) -> bool:
        """Stuck: frames pile up behind one that is lost for good, or there was no key frame yet."""
        newest = max(self.frames, default=-1)
        shown = self.shown[-1] if self.shown else min(self.frames, default=0)
        if newest - shown <= (30 if self.shown else 6) or now_us - self.pli_us < 1_000_000:
            return False
        self.pli_us = now_us
        self.plis += 1
        return True
