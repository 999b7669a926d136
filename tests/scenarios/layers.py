"""A camera that sends one encoding with layers (SVC, with dependency descriptors; its payload says
nothing, as if it were end-to-end encrypted), and who watches it: what a decoder makes of what came.
"""

import struct
from collections import defaultdict
from dataclasses import dataclass, field

from fastsfu._native.packet.codec import Codec
from tests.scenarios.call import VIDEO, Call
from tests.scenarios.flows import (
    DESCRIPTOR_ID,
    RTX_PT,
    TAIL,
    VIDEO_PT,
    Camera,
    Viewer,
    element,
    rtp,
)
from tests.scenarios.participant import Participant
from tests.support.dependency import L2T1, L2T1_KEY, descriptor

STRUCTURES = {"L2T1": L2T1, "L2T1_KEY": L2T1_KEY}
SIZES = (1, 3)  # packets of each layer's frame


@dataclass
class Scalable(Camera):
    """Two spatial layers; `active`: how many of them are sent."""

    mode: str = "L2T1"
    number: int = 0xFFF0  # of the next frame
    active: int = 2
    thrifty: bool = False  # sends the structure once, not with each keyframe
    described: bool = False

    def tick(self, now_us: int) -> list[bytes]:
        if now_us < self.next_us or not self.on:
            return []
        self.next_us += 33_333
        self.frame += 1
        self.ts = self.stamps[self.frame] = self.timestamp(now_us)
        key, self.wants_key = self.wants_key, False
        self.key_frames += key
        return [packet for layer in range(self.active) for packet in self._layer(layer, key)]

    def _layer(self, layer: int, key: bool) -> list[bytes]:
        template = (1, 3)[layer] if key else (0, 2)[layer]
        packets = []
        for place in range(SIZES[layer]):
            first, last = place == 0, place == SIZES[layer] - 1
            structure = STRUCTURES[self.mode] if key and layer == 0 and first else ""
            structure = "" if self.thrifty and self.described else structure
            self.described |= bool(structure)
            said = descriptor(
                template, self.number & 0xFFFF, begins=first, ends=last, structure=structure
            )
            payload = self.chance.randbytes(900)
            payload += TAIL.pack(self.frame << 8 | layer, place, SIZES[layer], key)
            packets.append(self._packet_of(payload, said, last and layer == self.active - 1))
        self.number += 1
        return packets

    def _packet_of(self, payload: bytes, said: bytes, marker: bool) -> bytes:
        names = struct.pack("!BB", 1, len(self.mid)) + self.mid.encode()
        extension = names + struct.pack("!BB", DESCRIPTOR_ID, len(said)) + said
        packet = rtp(
            VIDEO_PT, self.seq, self.ts, self.ssrc, payload,
            marker=marker, extension=extension, profile=0x1000,
        )  # fmt: skip
        self.sent[self.seq & 0xFFFF] = packet
        self.seq += 1
        self.packets += 1
        return packet

    def _rtx(self, packet: bytes) -> bytes:
        """With the same descriptor."""
        said = element(packet, DESCRIPTOR_ID)
        assert said is not None
        self.rtx_seq += 1
        names = struct.pack("!BB", 1, len(self.mid)) + self.mid.encode()
        extension = names + struct.pack("!BB", DESCRIPTOR_ID, len(said)) + said
        payload = packet[2:4] + packet[16 + 4 * int.from_bytes(packet[14:16], "big") :]
        return rtp(
            RTX_PT, self.rtx_seq, int.from_bytes(packet[4:8], "big"), self.rtx_ssrc, payload,
            marker=packet[1] > 127, extension=extension, profile=0x1000,
        )  # fmt: skip


@dataclass
class Shown:
    """A picture that came whole up to its marker."""

    at_us: int
    frame: int
    layer: int
    decodes: bool


@dataclass
class LayerViewer(Viewer):
    mode: str = "L2T1"
    parts: dict[tuple[int, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    keys: set[int] = field(default_factory=set)
    ended: dict[int, int] = field(default_factory=dict)  # layer at whose end the marker was
    newest_us: dict[int, int] = field(default_factory=dict)  # when the last packet of a frame came
    frame_numbers: dict[tuple[int, int], int] = field(default_factory=dict)
    descriptors: list[bytes] = field(default_factory=list)  # of all packets, in their order
    bare: int = 0  # packets without a descriptor
    looked_us: int = 0
    patience: int = 15  # pictures

    def take(self, now_us: int, seq: int, ts: int, payload: bytes, *, repair: bool) -> None:
        if not self.note(now_us, seq, repair=repair) or not payload:
            return
        tag, place, _, key = TAIL.unpack(payload[-TAIL.size :])
        frame, layer = tag >> 8, tag & 0xFF
        said = element(self.packet, DESCRIPTOR_ID)
        self.bare += said is None
        if said is not None:
            self.descriptors.append(said)
            self.frame_numbers[frame, layer] = int.from_bytes(said[1:3], "big")
        self.parts[frame, layer].add(place)
        self.newest_us[frame] = now_us
        if key:
            self.keys.add(frame)
        if self.packet[1] > 127:
            assert frame not in self.ended, "two markers in one picture"
            self.ended[frame] = layer

    @property
    def pictures(self) -> list[Shown]:
        """Those that came whole, in their order."""
        decoded: set[tuple[int, int]] = set()
        shown = []
        for frame, top in sorted(self.ended.items()):
            layers = [layer for layer in range(top + 1) if (frame, layer) in self.parts]
            if any(len(self.parts[frame, layer]) < SIZES[layer] for layer in layers):
                continue
            for layer in layers:
                if all(one in decoded for one in self._needs(frame, layer)):
                    decoded.add((frame, layer))
            shown.append(Shown(self.newest_us[frame], frame, top, (frame, top) in decoded))
        return shown

    def _needs(self, frame: int, layer: int) -> list[tuple[int, int]]:
        key = frame in self.keys
        before = [] if key else [(frame - 1, layer)]
        below = layer > 0 and (key or self.mode == "L2T1")
        return before + ([(frame, layer - 1)] if below else [])

    def needs_key(self, now_us: int) -> bool:
        """Nothing of the last ones decodes; looked at five times a second."""
        if now_us - self.looked_us < 200_000 or not self.ended:
            return False
        self.looked_us = now_us
        last = max((one.frame for one in self.pictures if one.decodes), default=min(self.ended))
        return max(self.ended) - last > self.patience


@dataclass
class Forgetful(LayerViewer):
    """As libwebrtc: asks no more for what is missing below the newest frame whose references came,
    those of the lower layer; and complains three seconds after the last picture."""

    patience: int = 90
    bases: dict[int, int] = field(default_factory=dict)  # frame -> number of its lower layer
    base: int = -1  # the newest frame of the lower layer without a gap before it

    def take(self, now_us: int, seq: int, ts: int, payload: bytes, *, repair: bool) -> None:
        super().take(now_us, seq, ts, payload, repair=repair)
        if payload:
            tag, *_ = TAIL.unpack(payload[-TAIL.size :])
            if tag & 0xFF == 0:
                self.bases[tag >> 8] = seq

    def nacks(self, now_us: int) -> list[int]:
        seqs = super().nacks(now_us)
        self.base = max(self.base, min(self.bases, default=-1))
        while self.base + 1 in self.bases:
            self.base += 1
        begins = self.bases.get(self.base, 0)
        self.missing = {n: it for n, it in self.missing.items() if n > begins or not it[1]}
        return seqs


def watch_layers(
    run: Call, mode: str, kind: type[LayerViewer] = LayerViewer, **path: float
) -> tuple[Scalable, LayerViewer, Participant, int, int]:
    """(camera, viewer, who watches, handles of the inbound and the outbound stream)."""
    publisher, receiver = run.join("publisher"), run.join("receiver", **path)
    camera = Scalable(
        run.chance.getrandbits(32), run.chance.getrandbits(32), run.chance,
        mode=mode, next_us=run.world.now_us,
    )  # fmt: skip
    publisher.cameras.append(camera)
    inbound = publisher.world.inbound(
        publisher.transport, kind=VIDEO, mid=camera.mid,
        payload_types=[(VIDEO_PT, int(Codec.CODEC_AV1), 90_000, RTX_PT)],
    )  # fmt: skip
    outbound, viewer = run.watch(receiver, inbound, numbered=True)
    watching = kind(viewer.ssrc, viewer.rtx_ssrc, mode=mode)
    receiver.viewers[viewer.ssrc] = watching
    return camera, watching, receiver, inbound, outbound
