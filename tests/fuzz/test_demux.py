"""demux on anything, against the ranges of RFC 7983 and 5761."""

from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.faces.demux import kind
from tests.native.packet.test_demux import reference


def test_demux() -> None:
    fuzz("demux", read, [bytes([first]) + bytes(30) for first in (0, 22, 64, 128, 255)])


def read(datagram: bytes) -> Hashable:
    found = kind(datagram)
    assert found == reference(datagram)
    return found, len(datagram) > 20
