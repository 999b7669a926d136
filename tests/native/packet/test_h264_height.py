"""The height of an H.264 picture, by parameter sets written bit by bit (section 7.3.2.1.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu._native.packet.codec import Codec
from tests.native.faces.codec import picture_height

BASELINE, MAIN, HIGH = 66, 77, 100
# Of libx264, 640x360, high profile: 23 rows of macroblocks, 8 lines cropped.
X264 = bytes.fromhex("6764001eacd940a02ff9610000030001000003003c8f162d96")


def golomb(value: int) -> str:
    bits = f"{value + 1:b}"
    return "0" * (len(bits) - 1) + bits


def parameter_set(
    rows: int, *, profile: int = BASELINE, order: int = 2, cycle: int = 0, frames: bool = True,
    crop: tuple[int, int, int, int] | None = None, chroma: int = 1, matrices: bool = False,
) -> bytes:  # fmt: skip
    """`rows` of macroblocks in a frame, or in a field; `crop`: left, right, top, bottom."""
    bits = f"{profile:08b}{0:08b}{30:08b}" + golomb(0)
    if profile == HIGH:
        bits += golomb(chroma) + ("0" if chroma == 3 else "") + golomb(0) * 2 + f"0{matrices:b}"
    bits += golomb(4) + golomb(order)
    bits += golomb(5) if order == 0 else ""
    bits += "0" + golomb(3) * 2 + golomb(cycle) + golomb(9) * cycle if order == 1 else ""
    bits += golomb(1) + "0" + golomb(39) + golomb(rows - 1) + f"{frames:b}"
    bits += "" if frames else "0"
    bits += "1" + f"{crop is not None:b}" + "".join(golomb(side) for side in crop or ())
    bits += "01"  # no VUI, the stop bit
    bits += "0" * (-len(bits) % 8)
    return b"\x67" + escaped(int(bits, 2).to_bytes(len(bits) // 8, "big"))


def escaped(data: bytes) -> bytes:
    made = b""
    for byte in data:
        made += b"\x03" if made[-2:] == b"\0\0" and byte <= 3 else b""
        made += bytes([byte])
    return made


def height(payload: bytes) -> int:
    return picture_height(Codec.CODEC_H264, payload)


def stap(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def test_what_libx264_writes() -> None:
    assert height(X264) == 360
    assert height(stap(b"\x06\x05", X264, b"\x68\xce")) == 360


def test_where_there_are_no_parameter_sets() -> None:
    assert height(b"\x65\x88\x80") == 0
    assert height(stap(b"\x68\xce\x3c\x80")) == 0
    assert height(b"\x78\x00\x20\x67\x42") == 0
    assert height(X264[:6]) == 0
    assert height(parameter_set(23, profile=HIGH, matrices=True)) == 0


@pytest.mark.parametrize(("chroma", "lines"), [(0, 352), (1, 336), (2, 352), (3, 352)])
def test_cropping_counts_in_units_of_chroma(chroma: int, lines: int) -> None:
    made = parameter_set(23, profile=HIGH, chroma=chroma, crop=(0, 0, 8, 8))
    assert height(made) == lines


@given(
    st.integers(1, 2000),
    st.sampled_from([BASELINE, MAIN, HIGH]),
    st.integers(0, 2),
    st.integers(0, 20),
    st.booleans(),
    st.none() | st.tuples(*[st.integers(0, 40)] * 4),
)
def test_any_parameters(
    rows: int, profile: int, order: int, cycle: int, frames: bool,
    crop: tuple[int, int, int, int] | None,
) -> None:  # fmt: skip
    made = parameter_set(rows, profile=profile, order=order, cycle=cycle, frames=frames, crop=crop)
    unit = 1 if frames else 2
    lines = 16 * rows * unit - (2 * unit * (crop[2] + crop[3]) if crop else 0)
    assert height(made) == (lines if 0 < lines <= 0xFFFF else 0)


@given(st.binary(max_size=64))
def test_any_bytes(data: bytes) -> None:
    assert 0 <= height(b"\x67" + data) <= 0xFFFF
    assert 0 <= height(b"\x78" + data) <= 0xFFFF
