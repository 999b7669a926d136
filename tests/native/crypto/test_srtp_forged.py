"""Whatever is changed, cut or made up is refused, leaves no plaintext behind (the face looks) and
changes nothing: the true packet is taken after it."""

import os

import pytest

from tests.native.crypto.support import Master, receiver_report, rtp_header
from tests.native.faces.srtp import CryptoContext, CryptoSuite, Refused

HEADER = rtp_header(1000, csrcs=1, extension=b"\x10\xff\x00\x00")


def protected(suite: CryptoSuite, master: Master, payload: bytes) -> tuple[CryptoContext, bytes]:
    sender, receiver = master.context(suite), master.context(suite)
    return receiver, sender.protect([(1000, HEADER, payload)])[0]


def test_any_changed_bit(suite: CryptoSuite, master: Master) -> None:
    receiver, packet = protected(suite, master, os.urandom(33))
    for bit in range(8 * len(packet)):
        forged = bytearray(packet)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Refused, match="unauthentic"):
            receiver.unprotect(bytes(forged), len(HEADER))
    assert receiver.unprotect(packet, len(HEADER))[0] == 1000


def test_any_cut(suite: CryptoSuite, master: Master) -> None:
    receiver, packet = protected(suite, master, os.urandom(100))
    for size in range(len(packet)):
        with pytest.raises(Refused, match=r"malformed|unauthentic"):
            receiver.unprotect(packet[:size], len(HEADER))
    with pytest.raises(Refused, match="malformed"):
        receiver.unprotect(packet[: len(HEADER) + 9], len(HEADER))
    assert receiver.unprotect(packet, len(HEADER))[0] == 1000


def test_forged_far_ahead_moves_nothing(suite: CryptoSuite, master: Master) -> None:
    """Commit comes after authentication (RFC 3711 section 3.3), or one datagram ends a stream."""
    receiver, packet = protected(suite, master, b"x")
    for seq in (1001, 20_000, 33_000, 65_535):
        with pytest.raises(Refused, match="unauthentic"):
            receiver.unprotect(rtp_header(seq) + os.urandom(40))
    assert receiver.unprotect(packet, len(HEADER))[0] == 1000


def test_another_key(suite: CryptoSuite, master: Master) -> None:
    _, packet = protected(suite, master, b"x" * 50)
    with pytest.raises(Refused, match="unauthentic"):
        Master.random(master.profile).context(suite).unprotect(packet, len(HEADER))


def test_rtcp_any_changed_bit(suite: CryptoSuite, master: Master) -> None:
    receiver, report = master.context(suite), receiver_report()
    packet = master.context(suite).protect_rtcp(report)
    for bit in range(8 * len(packet)):
        forged = bytearray(packet)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Refused, match="unauthentic"):
            receiver.unprotect_rtcp(bytes(forged))
    assert receiver.unprotect_rtcp(packet) == report


def test_rtcp_any_cut(suite: CryptoSuite, master: Master) -> None:
    receiver, report = master.context(suite), receiver_report()
    packet = master.context(suite).protect_rtcp(report)
    for size in range(len(packet)):
        with pytest.raises(Refused, match=r"malformed|unauthentic"):
            receiver.unprotect_rtcp(packet[:size])
    assert receiver.unprotect_rtcp(packet) == report


def test_rtcp_too_short_to_protect(suite: CryptoSuite, master: Master) -> None:
    with pytest.raises(Refused, match="malformed"):
        master.context(suite).protect_rtcp(b"\x80\xc9\x00\x01abc")
