"""Keyframe detection of every codec on any payload, against slow readings."""

from collections.abc import Hashable

from fastsfu._native.packet.codec import Codec
from tests.fuzz.harness import fuzz
from tests.native.faces.codec import picture_height, starts_keyframe
from tests.support.codec import slow_starts

CORPUS = [
    bytes.fromhex("90e0d2a35a00509d019d012a"),  # VP8
    bytes.fromhex("af923400058249"),  # VP9
    bytes.fromhex("7800056742e01f8c000468ce3c80"),  # H.264 STAP-A
    bytes.fromhex("7c85b80004"),  # H.264 FU-A
    bytes.fromhex("6764001eacd940a02ff961000003000100000300003c8f162d96"),  # H.264 SPS
    bytes.fromhex("080a0b"),  # AV1
]


def test_codec() -> None:
    fuzz("codec", read, CORPUS)


def read(payload: bytes) -> Hashable:
    starts = tuple(starts_keyframe(codec, payload) for codec in Codec)
    assert starts == tuple(slow_starts(codec.name, payload) for codec in Codec)
    heights = tuple(picture_height(codec, payload) for codec in Codec)
    assert all(0 <= height <= 0xFFFF for height in heights)
    return starts, min(len(payload), 3), payload[:1], bool(max(heights))
