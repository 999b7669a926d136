"""Redundant audio against a slow reading of RFC 2198."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.red import older, prepend, read
from tests.support.red import red, slow_red

BLOCKS = st.lists(
    st.tuples(st.integers(0, 127), st.integers(0, 2**14 - 1), st.binary(max_size=80)),
    min_size=1,
    max_size=4,
)


@given(BLOCKS, st.binary(min_size=1, max_size=80))
def test_the_newest_block_is_found_behind_the_others(
    blocks: list[tuple[int, int, bytes]], newest: bytes
) -> None:
    blocks = [*blocks[:-1], (blocks[-1][0], 0, newest)]
    payload = red(blocks)
    assert slow_red(payload) == blocks
    assert read(payload) == (len(payload) - len(newest), blocks[-1][0])


@given(BLOCKS, st.binary(min_size=1, max_size=80), st.binary(max_size=1023))
def test_a_block_goes_in_front_of_all_others(
    blocks: list[tuple[int, int, bytes]], newest: bytes, block: bytes
) -> None:
    blocks = [*blocks[:-1], (blocks[-1][0], 0, newest)]
    assert prepend(red(blocks), 111, 1920, block) == red([(111, 1920, block), *blocks])


def test_the_offset_of_the_one_older_block() -> None:
    new = (111, 0, b"new")
    assert older(red([(111, 960, b"older"), new])) == 960
    assert older(red([(111, 0x3FFF, b""), new])) == 0x3FFF
    assert older(red([new])) == -1
    assert older(red([(111, 1920, b"oldest"), (111, 960, b"older"), new])) == -1


def test_a_block_of_the_longest_length() -> None:
    payload = red([(111, 960, bytes(1023)), (111, 0, b"new")])
    assert read(payload) == (4 + 1 + 1023, 111)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        bytes([0x6F]),  # nothing behind the header
        bytes([0xEF, 0, 0, 0]),  # no newest block
        bytes([0xEF, 0, 0]),
        bytes([0xEF, 0, 0, 2, 0x6F, 1, 2]),  # the older block takes all
        bytes([0xEF, 0, 0, 9, 0x6F, 1, 2]),  # and more
    ],
)
def test_malformed(payload: bytes) -> None:
    assert read(payload) is None
    assert slow_red(payload) is None
