"""DCEP messages and frames of app messages: read, or refused in one way."""

from collections.abc import Hashable

from pydantic import ValidationError

from fastsfu.transport import dcep, frames
from fastsfu.transport.dcep import ChannelOpen, DcepError
from tests.fuzz.harness import fuzz

OPENS = [
    ChannelOpen("chat"),
    ChannelOpen("ä" * 20, "proto", ordered=False, max_retransmits=3),
    ChannelOpen("", "", lifetime_ms=1000),
]
FRAMES = [
    b'{"type":"hello"}',
    b'{"type":"welcome","received":7}',
    b'{"type":"ack","count":3}',
    b'{"type":"messages","messages":[{"number":1,"to":["a"],"kind":"app","data":{"x":[1]}}]}',
]


def read_dcep(message: bytes) -> Hashable:
    try:
        channel = dcep.read(message)
    except DcepError as error:
        return str(error)
    if channel is None:
        return "acknowledgement"
    assert dcep.read(dcep.write(channel)) == channel
    return channel.ordered, channel.reliable, bool(channel.label), bool(channel.protocol)


def read_frame(frame: bytes) -> Hashable:
    try:
        parsed = frames.read(frame)
    except ValidationError as error:
        return error.errors(include_input=False, include_context=False)[0]["type"]
    assert frames.read(frames.write(parsed)) == parsed
    return parsed.type


def test_dcep() -> None:
    fuzz("dcep", read_dcep, [dcep.ACK, *map(dcep.write, OPENS)])


def test_frames() -> None:
    fuzz("frames", read_frame, FRAMES)
