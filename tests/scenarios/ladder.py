"""A camera that sends several encodings (simulcast, VP8 with three temporal layers), and who
watches it: what came of which encoding and frame, with the numbers that a decoder goes by."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from fastsfu._native.packet.codec import Codec
from tests.scenarios.call import VIDEO, Call
from tests.scenarios.flows import FRAME_US, RTX_PT, TAIL, VIDEO_PT, Camera, Viewer
from tests.scenarios.participant import Participant
from tests.support.layers import slow_vp8

RID_ID, REPAIRED_RID_ID = 5, 6
LAYERS = (0, 2, 1, 2)  # temporal layer of each frame, as libwebrtc's L1T3
HEIGHTS = (180, 360, 720)


@dataclass
class Encoding(Camera):
    """One of them. The frames of all have one clock; numbers and timestamps are their own."""

    rung: int = 0
    share: float = 1 / 3  # of a camera's sizes
    rid: str = ""
    height: int = 180
    layers: tuple[int, ...] = LAYERS
    picture: int = 0x7FF0
    tl0: int = 250
    turn: int = 0  # in `layers`

    def tick(self, now_us: int) -> list[bytes]:
        if now_us >= self.next_us:
            self.frame = self.next_us // FRAME_US - 1  # the same for all, also for who rested
        return super().tick(now_us)

    def _packet(self, index: int, count: int, key: bool, size: int) -> bytes:
        if index == 0:
            self.picture += 1
            self.turn = 0 if key else self.turn + 1
            self.tl0 += self.tid == 0
        tag = struct.pack("<3sBBBHH", b"\x10\0\0", 0x9D, 1, 0x2A, 640, self.height)
        tag = tag if key else b"\x11\0\0"
        payload = self._descriptor(index) + (tag if index == 0 else b"")
        payload += bytes(int(size * self.share))
        payload += TAIL.pack(self.rung << 24 | self.frame, index, count, key)
        return self._next(payload, marker=index == count - 1)

    @property
    def tid(self) -> int:
        return self.layers[self.turn % len(self.layers)]

    def _descriptor(self, index: int) -> bytes:
        """15-bit picture id, TL0PICIDX, TID with Y on the first frames of a layer, KEYIDX."""
        sync = self.tid > 0 and self.turn % 4 in (1, 2)
        return struct.pack(
            "!BBHBB", 0x90 if index == 0 else 0x80, 0xF0, 0x8000 | self.picture & 0x7FFF,
            self.tl0 & 0xFF, self.tid << 6 | sync << 5 | self.key_frames & 31,
        )  # fmt: skip

    def _names(self, *, repair: bool = False) -> bytes:
        names, rid = super()._names(repair=repair), self.rid.encode()
        extension = REPAIRED_RID_ID if repair else RID_ID
        return names + bytes([extension << 4 | len(rid) - 1]) + rid if rid else names


@dataclass
class Picture:
    """One that came whole."""

    at_us: int
    rung: int
    frame: int  # of the camera: when it was taken
    key: bool
    ts: int
    picture_id: int
    tl0: int
    keyidx: int
    tid: int


@dataclass
class LadderViewer(Viewer):
    pictures: list[Picture] = field(default_factory=list)
    parts: dict[int, set[int]] = field(default_factory=dict)
    repaired_tids: list[int] = field(default_factory=list)

    def take(self, now_us: int, seq: int, ts: int, payload: bytes, *, repair: bool) -> None:
        known = len(self.numbers)
        if not payload:  # padding: the number is taken for received
            self.note(now_us, seq, repair=repair)
            return
        super().take(now_us, seq, ts, payload, repair=repair)
        frame, index, count, key = TAIL.unpack(payload[-TAIL.size :])
        if len(self.numbers) == known:
            return
        said = slow_vp8(payload)
        assert said is not None
        if repair:
            self.repaired_tids.append(said["tid"])
        parts = self.parts.setdefault(frame, set())
        parts.add(index)
        if len(parts) == count:
            self.pictures.append(
                Picture(
                    now_us, frame >> 24, frame & 0xFFFFFF, bool(key), ts,
                    said["picture_id"], said["tl0picidx"], said["keyidx"], said["tid"],
                )
            )  # fmt: skip

    def _show(self, frame: int, key: bool) -> None:
        """Frames of several encodings are not in one order: `pictures` is looked at instead."""

    def needs_key(self, now_us: int) -> bool:
        return not self.pictures and super().needs_key(now_us)


def as_chromium(encodings: Sequence[Encoding]) -> None:
    """Two or three of some 150, 490 and 1,480 kbit/s; a keyframe is three times a usual picture."""
    shapes = [(0.38, (1, 4), (4, 6)), (0.75, (3, 5), (10, 14)), (1.0, (9, 10), (24, 32))]
    for encoding, shape in zip(
        encodings, shapes if len(encodings) > 2 else shapes[::2], strict=True
    ):
        encoding.share, encoding.usual_packets, encoding.key_packets = shape


def film_ladder(
    run: Call, publisher: Participant, rungs: int = 3, order: tuple[int, ...] | None = None
) -> tuple[list[Encoding], list[int]]:
    """(encodings, handles of their inbound streams), the smallest first; `order`: in which they are
    signaled."""
    encodings = []
    for rung in range(rungs):
        encoding = Encoding(
            run.chance.getrandbits(32), run.chance.getrandbits(32), run.chance,
            rung=rung, share=(1 + rung) / 3, rid="qhf"[rung], height=HEIGHTS[rung],
            start_ts=run.chance.getrandbits(32), seq=run.chance.getrandbits(16),
            next_us=run.world.now_us + rung * 1000,
        )  # fmt: skip
        publisher.cameras.append(encoding)
        encodings.append(encoding)
    handles = [0] * rungs
    lower = 0
    for rung in order or range(rungs):
        lower = handles[rung] = publisher.world.inbound(
            publisher.transport, kind=VIDEO, mid=encodings[rung].mid, rid=encodings[rung].rid,
            lower=lower, payload_types=[(VIDEO_PT, int(Codec.CODEC_VP8), 90_000, RTX_PT)],
        )  # fmt: skip
    return encodings, handles


def watch_ladder(
    run: Call, watcher: Participant, inbound: int, *, rtx: bool = True, numbered: bool = False
) -> tuple[int, LadderViewer]:
    outbound, viewer = run.watch(watcher, inbound, rtx=rtx, numbered=numbered)
    ladder_viewer = LadderViewer(viewer.ssrc, viewer.rtx_ssrc)
    watcher.viewers[viewer.ssrc] = ladder_viewer
    return outbound, ladder_viewer


@dataclass
class WatchedLadder:
    """What one publishes and another watches."""

    publisher: Participant
    receiver: Participant
    encodings: list[Encoding]  # the smallest first
    handles: list[int]  # of their inbound streams
    outbound: int
    viewer: LadderViewer


def watched_ladder(
    run: Call,
    *,
    rungs: int = 3,
    order: tuple[int, ...] | None = None,
    rtx: bool = True,
    numbered: bool = False,
    publisher: Mapping[str, Any] | None = None,
    receiver: Mapping[str, Any] | None = None,
) -> WatchedLadder:
    """`publisher`, `receiver`: what their paths are like, as of `join`."""
    one, other = run.join("publisher", **publisher or {}), run.join("receiver", **receiver or {})
    encodings, handles = film_ladder(run, one, rungs, order)
    first = handles[order[0] if order else 0]
    outbound, viewer = watch_ladder(run, other, first, rtx=rtx, numbered=numbered)
    return WatchedLadder(one, other, encodings, handles, outbound, viewer)


def rungs(viewer: LadderViewer, since_us: int = 0) -> list[int]:
    """Encodings in the order in which they were shown."""
    shown = [picture.rung for picture in viewer.pictures if picture.at_us >= since_us]
    return [now for before, now in zip([None, *shown], shown, strict=False) if now != before]


def check_line(viewer: LadderViewer, *, numbers: bool = True) -> None:
    """What a decoder goes by has no gap and follows the camera's clock."""
    if numbers:
        assert sorted(viewer.numbers) == list(range(min(viewer.numbers), max(viewer.numbers) + 1))
    for before, now in pairwise(viewer.pictures):
        assert now.picture_id == (before.picture_id + 1) % 0x8000
        assert now.tl0 == (before.tl0 + (now.tid == 0)) % 256
        assert now.key or now.rung == before.rung
        elapsed = (now.ts - before.ts + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000
        expected = (now.frame - before.frame) * FRAME_US * 90 // 1000
        assert elapsed > 0
        assert abs(elapsed - expected) < 400, (before, now)


def longest_gap_us(viewer: LadderViewer, since_us: int = 0) -> int:
    times = [picture.at_us for picture in viewer.pictures if picture.at_us >= since_us]
    return max(now - before for before, now in pairwise(times))
