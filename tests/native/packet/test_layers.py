"""Which layer a packet is of: VP8's and VP9's descriptors, and what a receiver gets of them."""

import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from fastsfu._native.packet.codec import Codec
from tests.native.faces.layers import (
    Templates,
    next_layer,
    picture_height,
    vp8,
    vp8_rewritten,
    wanted,
)
from tests.support.layers import TOP, layers_of, slow_vp8, slow_vp8_layers, slow_vp9_layers

KEY = bytes.fromhex("509d0030009d012ae0010e01")[2:]
DELTA = b"\x51\x9d\x01"


def layers(codec: Codec, payload: bytes) -> tuple[bool, dict[str, int]]:
    return Templates().layers(codec, payload, b"")


@pytest.mark.parametrize(
    ("payload", "temporal", "up"),
    [
        ("90e0d2a35a0051", 0, 0),  # the lowest layer leads nowhere but at a keyframe
        ("90e0d2a35a0050", 0, TOP),
        ("90e0d2a35a6051", 1, 1),  # TID 1, Y
        ("90e0d2a35a4051", 1, 0),
        ("90e0d2a35aa051", 2, 2),
    ],
)
def test_vp8_by_tid_and_y(payload: str, temporal: int, up: int) -> None:
    said = layers(Codec.CODEC_VP8, bytes.fromhex(payload))
    assert said == (True, layers_of(temporal=temporal, up_temporal=up))


def test_vp8_without_layers_is_one() -> None:
    assert layers(Codec.CODEC_VP8, bytes.fromhex("9080d2a351")) == (False, layers_of())


def test_vp9_layer_frames_end_by_themselves() -> None:
    said = layers(Codec.CODEC_VP9, bytes.fromhex("ec923432055555"))
    assert said == (True, layers_of(spatial=1, temporal=1, up_spatial=0, up_temporal=TOP, ends=1))


def test_vp9_a_picture_that_needs_no_other_begins_all_layers() -> None:
    said = layers(Codec.CODEC_VP9, bytes.fromhex("a8923401055555"))
    assert said == (True, layers_of(spatial=0, up_spatial=TOP))
    above = layers(Codec.CODEC_VP9, bytes.fromhex("a8923405055555"))
    assert above == (True, layers_of(spatial=2, up_spatial=0))


def test_vp9_a_layer_that_no_upper_one_needs() -> None:
    _, said = layers(Codec.CODEC_VP9, bytes.fromhex("ed923430055555"))
    assert (said["spatial"], said["until"]) == (0, 0)


@pytest.mark.parametrize("codec", [Codec.CODEC_OPUS, Codec.CODEC_H264, Codec.CODEC_AV1])
def test_other_codecs_have_one_layer(codec: Codec) -> None:
    assert layers(codec, b"\x67\x42\xe0\x1f") == (False, layers_of())


@given(st.binary(max_size=16))
def test_any_bytes_as_the_slow_readings(payload: bytes) -> None:
    assert layers(Codec.CODEC_VP8, payload) == slow_vp8_layers(payload)
    assert layers(Codec.CODEC_VP9, payload) == slow_vp9_layers(payload)
    slow, fast = slow_vp8(payload), vp8(payload)
    assert (slow is None) == (fast is None)
    if slow is not None:
        assert {name: fast[name] for name in slow if name != "key"} == {
            name: value for name, value in slow.items() if name != "key"
        }


@given(
    st.one_of(st.none(), st.integers(0, 0x7FFF)),
    st.one_of(st.none(), st.integers(0, 255)),
    st.one_of(st.none(), st.tuples(st.integers(0, 3), st.integers(0, 1))),
    st.one_of(st.none(), st.integers(0, 31)),
    st.tuples(st.integers(0, 0x7FFF), st.integers(0, 255), st.integers(0, 31)),
)
def test_vp8_numbers_are_exchanged_in_place(
    picture: int | None,
    tl0: int | None,
    tid: tuple[int, int] | None,
    key: int | None,
    numbers: tuple[int, int, int],
) -> None:
    payload = bytes(VpxPayloadDescriptor(1, 0, picture, tl0, tid, key)) + KEY
    written = vp8_rewritten(payload, *numbers)
    parsed, rest = VpxPayloadDescriptor.parse(written)
    assert rest == KEY
    assert len(written) == len(payload)
    assert parsed.picture_id == (None if picture is None else numbers[0])
    assert parsed.tl0picidx == (None if tl0 is None else numbers[1])
    assert parsed.keyidx == (None if key is None else numbers[2])
    assert parsed.tid == tid


def test_vp8_a_short_picture_id_stays_short() -> None:
    assert vp8_rewritten(bytes.fromhex("90800551"), 300, 0, 0) == bytes.fromhex("90802c51")


def test_height_of_a_vp8_keyframe() -> None:
    assert picture_height(b"\x10" + KEY) == 270
    assert picture_height(b"\x90\x80\x12" + KEY) == 270
    assert picture_height(b"\x10" + KEY[:9]) == 0
    assert picture_height(b"\x00" + KEY) == 0  # not its first packet
    assert picture_height(b"\x10" + bytes(10)) == 0  # no start code: encrypted, or no keyframe


@pytest.mark.parametrize(
    ("said", "spatial", "temporal", "gets"),
    [
        ({"spatial": 0, "temporal": 0}, 0, 0, True),
        ({"spatial": 1, "temporal": 0}, 0, 9, False),
        ({"spatial": 0, "temporal": 2}, 3, 1, False),
        ({"spatial": 0, "until": 0, "temporal": 0}, 1, 9, False),  # k-SVC between keyframes
        ({"spatial": 0, "until": 1, "temporal": 0}, 1, 9, True),
        ({"spatial": 0, "temporal": 0}, TOP, TOP, True),
    ],
)
def test_who_gets_a_packet(said: dict[str, int], spatial: int, temporal: int, gets: bool) -> None:
    assert wanted(layers_of(**said), spatial, temporal) is gets


@pytest.mark.parametrize(
    ("now", "aim", "layer", "up", "then"),
    [
        (2, 0, 2, 0, 0),  # down at once
        (0, 2, 1, 1, 1),  # up by one where the sender says so
        (0, 2, 1, 0, 0),
        (0, 2, 2, 2, 0),  # not past a layer that it has not
        (1, 2, 2, 2, 2),
        (0, TOP, 0, TOP, TOP),  # a keyframe leads anywhere
        (0, 1, 0, TOP, 1),
        (TOP, TOP, 0, 0, TOP),
    ],
)
def test_up_where_the_packet_lets_go(now: int, aim: int, layer: int, up: int, then: int) -> None:
    assert next_layer(now, aim, layer, up) == then
