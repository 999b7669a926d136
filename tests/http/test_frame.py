"""Frames against those of the library that reads them."""

import pytest
from websockets.frames import Frame, Opcode

from fastsfu.http.frame import text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000])
def test_a_frame_is_as_the_library_writes_it(size: int) -> None:
    text = ("é" * size)[:size].encode()[:size]
    assert text_frame(text) == Frame(Opcode.TEXT, text).serialize(mask=False)
