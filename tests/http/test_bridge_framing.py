"""How what comes by TCP is cut into datagrams: TURN's messages, and RFC 4571's frames."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fastsfu.http.bridge import (
    SHORTEST,
    BadStream,
    cut_framed,
    cut_turn,
    frame,
    pad_turn,
    ufrag_of,
)
from tests.support.stun import message

messages = st.lists(st.binary(max_size=60), min_size=1, max_size=8)
packets_in_frames = st.lists(st.binary(min_size=SHORTEST, max_size=60), min_size=1, max_size=8)


@given(packets_in_frames, st.integers(1, 17))
def test_frames_come_back_however_they_are_cut(packets: list[bytes], step: int) -> None:
    stream = b"".join(map(frame, packets))
    assert list(received(stream, step, cut_framed)) == packets


@given(messages, st.integers(1, 17))
def test_turn_messages_too(packets: list[bytes], step: int) -> None:
    packets = [b"\x40\x01" + len(each).to_bytes(2, "big") + each for each in packets]
    packets.append(message(b""))
    stream = b"".join(map(pad_turn, packets))
    assert list(received(stream, step, cut_turn)) == packets


def received(stream: bytes, step: int, cut: Any) -> Any:
    buffer = bytearray()
    for place in range(0, len(stream), step):
        buffer += stream[place : place + step]
        while (found := cut(buffer)) is not None:
            yield bytes(buffer[found[0] : found[1]])
            del buffer[: found[2]]


@given(st.binary(max_size=80))
def test_anything_else_is_no_harm(data: bytes) -> None:
    ufrag_of(data)
    for cut in (cut_turn, cut_framed):
        try:
            found = cut(data)
        except BadStream:
            continue
        assert found is None or found[0] <= found[1] <= found[2] <= len(data)
