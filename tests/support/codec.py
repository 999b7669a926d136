"""Where a decoder can start, read slowly from RTP payloads, to compare with."""

from collections.abc import Callable, Iterator

from aiortc.codecs.vpx import VpxPayloadDescriptor


def vp8_starts(payload: bytes) -> bool:
    """RFC 7741 section 4.2; aiortc takes the reserved bit before PID for a part of it."""
    try:
        descriptor, frame = VpxPayloadDescriptor.parse(bytes([payload[0] & 0xF7]) + payload[1:])
    except (IndexError, ValueError):
        return False
    first = descriptor.partition_start == 1 and descriptor.partition_id == 0
    return first and frame != b"" and frame[0] & 1 == 0


def vp9_starts(payload: bytes) -> bool:
    """RFC 9628 section 4.2, bit by bit."""
    bits = iter("".join(f"{byte:08b}" for byte in payload))
    take = lambda count: int("".join(next(bits) for _ in range(count)), 2)  # noqa: E731
    try:
        picture_id, predicted, layers, _flexible, begins, _e, _v, _z = (take(1) for _ in range(8))
        if picture_id:
            take(15 if take(1) else 7)
        spatial = take(7) & 7 if layers else take(1) and 0
    except (StopIteration, RuntimeError, ValueError):
        return False
    return bool(begins) and not predicted and spatial == 0


def h264_starts(payload: bytes) -> bool:
    units = [unit for unit in _h264_units(payload) if len(unit) > 1]
    return any(unit[0] & 31 == 7 or (unit[0] & 31 == 5 and unit[1] & 128) for unit in units)


def _h264_units(payload: bytes) -> Iterator[bytes]:
    """The NAL units that begin in a payload: whole ones, or the first fragment of one."""
    kind = payload[0] & 31 if payload else 0
    if kind == 24:
        rest = payload[1:]
        while len(rest) > 2 and len(rest) >= 2 + (size := int.from_bytes(rest[:2], "big")):
            yield rest[2 : 2 + size]
            rest = rest[2 + size :]
    elif kind == 28:
        if len(payload) > 1 and payload[1] & 128:
            yield bytes([payload[1] & 31]) + payload[2:]
    else:
        yield payload


def av1_starts(payload: bytes) -> bool:
    return len(payload) > 1 and f"{payload[0]:08b}"[0] + f"{payload[0]:08b}"[4] == "01"


SLOW: dict[str, Callable[[bytes], bool]] = {
    "CODEC_VP8": vp8_starts,
    "CODEC_VP9": vp9_starts,
    "CODEC_H264": h264_starts,
    "CODEC_AV1": av1_starts,
}


def slow_starts(codec: str, payload: bytes) -> bool:
    """By the name of the codec in packet/codec; audio always starts."""
    return SLOW[codec](payload) if codec in SLOW else True
