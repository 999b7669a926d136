"""Where a decoder can start: payload by payload, and against aiortc's packetizers."""

import pytest
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from fastsfu._native.packet.codec import Codec
from tests.native.faces.codec import starts_keyframe
from tests.support.codec import slow_starts

VIDEO = [Codec.CODEC_VP8, Codec.CODEC_VP9, Codec.CODEC_H264, Codec.CODEC_AV1]
KEY, DELTA = b"\x50\x9d\x01\x9d\x01\x2a", b"\x51\x9d\x01"


@pytest.mark.parametrize("payload", [b"", b"\0", b"\xff" * 10])
def test_audio_always_starts(payload: bytes) -> None:
    for codec in set(Codec) - set(VIDEO):
        assert starts_keyframe(codec, payload)


@pytest.mark.parametrize("codec", VIDEO)
def test_padding_only_packets_start_nothing(codec: Codec) -> None:
    assert not starts_keyframe(codec, b"")


@given(
    st.integers(0, 1),
    st.integers(0, 7),
    st.one_of(st.none(), st.integers(0, 0x7FFF)),
    st.one_of(st.none(), st.integers(0, 255)),
    st.one_of(st.none(), st.tuples(st.integers(0, 3), st.integers(0, 1))),
    st.one_of(st.none(), st.integers(0, 31)),
    st.booleans(),
)
def test_vp8_behind_every_descriptor(
    start: int,
    partition: int,
    picture_id: int | None,
    tl0picidx: int | None,
    tid: tuple[int, int] | None,
    keyidx: int | None,
    key: bool,
) -> None:
    descriptor = VpxPayloadDescriptor(start, partition, picture_id, tl0picidx, tid, keyidx)
    payload = bytes(descriptor) + (KEY if key else DELTA)
    expected = bool(start) and partition == 0 and key
    assert starts_keyframe(Codec.CODEC_VP8, payload) == expected
    assert not starts_keyframe(Codec.CODEC_VP8, bytes(descriptor))


def test_vp8_from_chromium() -> None:
    """15-bit picture id, TL0PICIDX, TID: extended descriptor of 6 bytes."""
    assert starts_keyframe(Codec.CODEC_VP8, bytes.fromhex("90e0d2a35a00") + KEY)
    assert not starts_keyframe(Codec.CODEC_VP8, bytes.fromhex("90e0d2a45b20") + DELTA)
    assert not starts_keyframe(Codec.CODEC_VP8, bytes.fromhex("80e0d2a35a00") + KEY)


@pytest.mark.parametrize(
    ("descriptor", "starts"),
    [
        ("8c9234", True),  # I, B, E with a 15-bit picture id
        ("8c12", True),  # 7-bit
        ("08", True),
        ("0c", True),
        ("cc9234", False),  # P: predicted
        ("849234", False),  # E without B: in the middle of the frame
        ("af92340005", True),  # L, B: spatial layer 0, TL0PICIDX
        ("af92341005", True),  # D is of no matter in layer 0
        ("af92340205", False),  # spatial layer 1
        ("af9234e005", True),  # any temporal layer
        ("bf923400", True),  # F: flexible, no TL0PICIDX
        ("bf923405", False),  # spatial layer 2
        ("280005", True),  # L without I
        ("280205", False),
    ],
)
def test_vp9(descriptor: str, starts: bool) -> None:
    assert starts_keyframe(Codec.CODEC_VP9, bytes.fromhex(descriptor) + b"\x82\x49") == starts


@pytest.mark.parametrize("payload", ["08", "8c", "8c92", "8c9234", "ac9234", "ac12", "28"])
def test_truncated_vp9(payload: str) -> None:
    assert not starts_keyframe(Codec.CODEC_VP9, bytes.fromhex(payload))


SPS, PPS, SEI = b"\x67\x42\xe0\x1f\x8c", b"\x68\xce\x3c\x80", b"\x06\x05\x01\x80"
IDR, LATER_SLICE, DELTA_SLICE = b"\x65\xb8\x00\x04", b"\x65\x04\xb8\x00", b"\x61\xe0\x22\x11"


def stap(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def fu(unit: bytes, *, start: bool) -> bytes:
    return bytes([unit[0] & 0xE0 | 28, (0x80 if start else 0) | unit[0] & 0x1F]) + unit[1:]


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        (SPS, True),
        (PPS, False),
        (IDR, True),
        (LATER_SLICE, False),  # of an IDR picture in several slices only the first
        (DELTA_SLICE, False),
        (SEI, False),
        (stap(SPS, PPS), True),
        (stap(SPS, PPS, IDR), True),
        (stap(SEI, SPS, PPS), True),
        (stap(SEI, IDR), True),
        (stap(PPS, SEI), False),
        (stap(DELTA_SLICE, DELTA_SLICE), False),
        (stap(LATER_SLICE), False),
        (fu(IDR, start=True), True),
        (fu(IDR, start=False), False),
        (fu(LATER_SLICE, start=True), False),
        (fu(DELTA_SLICE, start=True), False),
        (fu(SPS, start=True), True),
        (b"\x7c\x85", False),  # FU-A with nothing in it
        (b"\x78\x00\x05\x67\x42", False),  # STAP-A with a unit beyond the end
        (b"\x78\x00\x00\x00\x00\x00\x05" + SPS, True),  # empty units
        (b"\x67", False),
        (b"\x79\x00\x00\x00\x05" + SPS, False),  # STAP-B: interleaved mode, not negotiated
    ],
)
def test_h264(payload: bytes, starts: bool) -> None:
    assert starts_keyframe(Codec.CODEC_H264, payload) == starts


@given(st.integers(2, 4000), st.booleans())
def test_h264_as_aiortc_packetizes_it(size: int, key: bool) -> None:
    """Parameter sets and a picture that is cut into fragments when it is large."""
    picture = (IDR if key else DELTA_SLICE) + b"\x11" * size
    units = [SPS, PPS, picture] if key else [picture]
    stream = b"".join(b"\0\0\0\1" + unit for unit in units)
    payloads = H264Encoder._packetize(H264Encoder._split_bitstream(stream))
    starts = [starts_keyframe(Codec.CODEC_H264, payload) for payload in payloads]
    assert starts[0] == key
    assert any(starts) == key
    fragments_behind_the_first = [
        started
        for payload, started in zip(payloads, starts, strict=True)
        if payload[0] & 31 == 28 and not payload[1] & 0x80
    ]
    assert not any(fragments_behind_the_first)


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        (b"\x08\x0a\x0b", True),  # N
        (b"\x18\x0a\x0b", True),  # N with W = 1
        (b"\x68\x0a\x0b", True),  # N, Y: the last OBU goes on in the next packet
        (b"\x88\x0a\x0b", False),  # Z: a continuation cannot begin a sequence
        (b"\x10\x32\x0b", False),
        (b"\x00\x32", False),
        (b"\x08", False),
    ],
)
def test_av1(payload: bytes, starts: bool) -> None:
    assert starts_keyframe(Codec.CODEC_AV1, payload) == starts


@given(st.sampled_from(list(Codec)), st.binary(max_size=40))
def test_any_bytes_as_the_slow_readings(codec: Codec, payload: bytes) -> None:
    assert starts_keyframe(codec, payload) == slow_starts(codec.name, payload)
