"""RTP header, extensions and padding of anything, against the slow parse."""

from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.faces import rtp
from tests.support.rtp import slow_extensions, slow_parse

KIND_OF_ID = {1: 4, 2: 5, 3: 3, 4: 0, 10: 1, 11: 2}
FIXED = bytes.fromhex("0001a1b2c3d401020304")
CORPUS = [
    b"\x80\x6f" + FIXED + b"opus payload",
    b"\xb2\x60" + FIXED + bytes(8) + bytes.fromhex("bede0003 10ff 32abcdef 4030 00000000")
    + b"payload\0\0\3",
    b"\x90\xe0" + FIXED + bytes.fromhex("10000003 040130 0302abcd 00 0a0131 00")
    + b"payload",
]  # fmt: skip


def test_rtp() -> None:
    fuzz("rtp", read, CORPUS)


def read(packet: bytes) -> Hashable:
    header = rtp.parse(packet)
    assert header == slow_parse(packet)
    if header is None:
        return None
    found, whole = rtp.extensions(packet, KIND_OF_ID)
    assert (found, whole) == slow_extensions(packet, KIND_OF_ID)
    size = rtp.payload_size(packet)
    assert -1 <= size <= len(packet) - header["header_size"]
    return whole, *sorted(found), size < 0, header["extension_profile"] != 0
