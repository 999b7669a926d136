"""RFC 7983's ranges, and RTCP within RTP's (RFC 5761)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu._native.packet.demux import PacketKind
from tests.native.faces.demux import kind


def reference(datagram: bytes) -> PacketKind:
    smallest = {
        PacketKind.KIND_STUN: 20,
        PacketKind.KIND_DTLS: 13,
        PacketKind.KIND_TURN_CHANNEL: 4,
        PacketKind.KIND_RTP: 12,
        PacketKind.KIND_RTCP: 8,
    }
    for first, last, found in (
        (0, 3, PacketKind.KIND_STUN),
        (20, 63, PacketKind.KIND_DTLS),
        (64, 127, PacketKind.KIND_TURN_CHANNEL),
        (128, 191, PacketKind.KIND_RTP),
    ):
        if datagram and first <= datagram[0] <= last:
            if found == PacketKind.KIND_RTP and datagram[1:] and 192 <= datagram[1] <= 223:
                found = PacketKind.KIND_RTCP
            return found if len(datagram) >= smallest[found] else PacketKind.KIND_UNKNOWN
    return PacketKind.KIND_UNKNOWN


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 30))
def test_as_the_rfcs_say(first: int, second: int, size: int) -> None:
    datagram = (bytes([first, second]) + bytes(30))[:size]
    assert kind(datagram) == reference(datagram)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("000100002112a442", PacketKind.KIND_STUN),
        ("16fefd0000", PacketKind.KIND_DTLS),
        ("4000000c", PacketKind.KIND_TURN_CHANNEL),
        ("806f0001", PacketKind.KIND_RTP),
        ("90ef0001", PacketKind.KIND_RTP),  # payload type 111 with the marker
        ("80c80006", PacketKind.KIND_RTCP),
        ("8fcd0005", PacketKind.KIND_RTCP),
        ("10000000", PacketKind.KIND_UNKNOWN),  # ZRTP
        ("c0000001", PacketKind.KIND_UNKNOWN),  # QUIC
    ],
)
def test_examples(start: str, expected: PacketKind) -> None:
    assert kind(bytes.fromhex(start).ljust(40, b"\0")) == expected
