"""A captured sender (benchmarks/traces) as rows that the player can send.

Payloads are made up, but for their first PREFIX_BYTES, which say keyframe or not as the codec's
RTP payload format does (RFC 7741, 9628, 6184; AV1 RTP), so that the server starts and resumes at
keyframes.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

TRACES = Path(__file__).resolve().parent.parent / "traces"
PREFIX_BYTES = 16
HEADER_BYTES = 20  # RTP fixed header and the transport-wide sequence number's extension
TAG_BYTES = 10  # of AES128_CM_SHA1_80, under which the traces were captured
LEAST_PAYLOAD = 40
AUDIO, VIDEO = 0, 1
ROW = np.dtype(
    [
        ("time_us", "i8"),
        ("timestamp", "u4"),
        ("payload_bytes", "u2"),
        ("stream", "u1"),  # AUDIO or VIDEO
        ("marker", "u1"),
        ("first", "u1"),  # of its frame
        ("key", "u1", PREFIX_BYTES),  # how the payload begins when its frame is a keyframe
        ("delta", "u1", PREFIX_BYTES),  # ... and when it is not
    ],
    align=True,
)


@dataclass(frozen=True)
class Trace:
    """One loop of a sender: after `period_us` the rows begin again, timestamps going on."""

    name: str
    codec: str  # "VP8", "VP9", "H264" or "AV1"
    rows: npt.NDArray[np.void]
    period_us: int


def names() -> list[str]:
    """The traces there are, by the short names that `load` takes."""
    return sorted(path.stem for path in TRACES.glob("*.csv"))


def load(name: str, *, audio: bool, video: bool = True) -> Trace:
    """Read the trace whose file name contains `name`; ValueError when none or several do."""
    found = [path for path in sorted(TRACES.glob("*.csv")) if name in path.stem]
    if len(found) != 1:
        raise ValueError(f"{name!r} names {len(found)} of the traces {', '.join(names())}")
    codec = found[0].stem.split("_")[1].upper()
    with found[0].open() as file:
        lines = csv.DictReader(line for line in file if not line.startswith("#"))
        kinds = {"audio": audio, "video": video}
        wanted = [line for line in lines if kinds[line["kind"]]]
    rows = np.zeros(len(wanted), ROW)
    first = True
    for row, line in zip(rows, wanted, strict=True):
        video = line["kind"] == "video"
        size = max(LEAST_PAYLOAD, int(line["bytes"]) - TAG_BYTES - HEADER_BYTES)
        row["time_us"], row["timestamp"] = int(line["time_us"]), int(line["timestamp"])
        row["stream"], row["marker"], row["payload_bytes"] = video, int(line["marker"]), size
        if video:
            row["first"], last = first, bool(row["marker"])
            row["key"] = _prefix(codec, size, first=first, last=last, key=True)
            row["delta"] = _prefix(codec, size, first=first, last=last, key=False)
            first = last
    rows["time_us"] -= rows["time_us"][0]
    markers = rows["marker"][rows["stream"] == VIDEO]
    frames = np.count_nonzero(markers) if video else len(rows)
    return Trace(found[0].stem, codec, rows, int(rows["time_us"][-1] * (frames + 1) / frames))


def _prefix(codec: str, size: int, *, first: bool, last: bool, key: bool) -> npt.NDArray[np.uint8]:
    head = {"VP8": _vp8, "VP9": _vp9, "H264": _h264, "AV1": _av1}[codec](size, first, last, key)
    return np.frombuffer(head.ljust(PREFIX_BYTES, b"\0"), np.uint8)


def _vp8(size: int, first: bool, last: bool, key: bool) -> bytes:
    if not first:
        return b"\x00"
    return b"\x10" + (b"\x10\x02\x00\x9d\x01\x2a\x80\x02\x68\x01" if key else b"\x11\x02\x00")


def _vp9(size: int, first: bool, last: bool, key: bool) -> bytes:
    descriptor = (0 if key else 0x40) | (0x08 if first else 0) | (0x04 if last else 0)
    return bytes([descriptor]) + (b"\x82\x49\x83\x42" if key and first else b"\x86")


def _h264(size: int, first: bool, last: bool, key: bool) -> bytes:
    if not key:
        return b"\x41\x9a"
    if not first:
        return b"\x7c\x05"
    parameters = b"\x78\x00\x04\x67\x42\xe0\x1f\x00\x02\x68\xce"  # STAP-A: SPS, PPS, then the IDR
    return parameters + (size - len(parameters) - 2).to_bytes(2, "big") + b"\x65"


def _av1(size: int, first: bool, last: bool, key: bool) -> bytes:
    if not first:
        return b"\x90\x00"
    return b"\x28\x02\x08\x00\x30" if key else b"\x10\x30"
