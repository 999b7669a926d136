"""Big-endian access and serial numbers against Python's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces import wire

SIZES = st.sampled_from([2, 3, 4, 8])


@given(SIZES.flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_reads_and_writes_as_python_does(data: bytes) -> None:
    assert wire.read(data) == int.from_bytes(data, "big")
    assert wire.write(int.from_bytes(data, "big"), len(data)) == data


@given(st.integers(0, 0xFFFF), st.integers(-32768, 32767))
def test_diff_undoes_addition(seq: int, ahead: int) -> None:
    assert wire.diff((seq + ahead) & 0xFFFF, seq) == ahead


@given(st.integers(0, 2**48), st.integers(-32768, 32767))
def test_extension_is_the_nearest(near: int, ahead: int) -> None:
    assert wire.extend((near + ahead) & 0xFFFF, near) == near + ahead


@pytest.mark.parametrize(
    ("seq", "near", "extended"),
    [(0, 0xFFFF, 0x10000), (0xFFFF, 0x10000, 0xFFFF), (0xFFFF, 0, -1)],
)
def test_extension_across_the_wrap(seq: int, near: int, extended: int) -> None:
    assert wire.extend(seq, near) == extended
