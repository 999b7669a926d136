"""SRTCP indices: counted for each sender SSRC, never taken twice, even when a peer uses more SSRCs
than are followed. And what comes unencrypted but authenticated (E = 0)."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.native.crypto.support import PROFILES, Master, receiver_report
from tests.native.faces.srtp import CryptoContext, CryptoSuite, Refused, derive

SENDERS = 16


def packet(sender: CryptoContext, ssrc: int, index: int) -> bytes:
    sender.set_rtcp_index(index)
    return sender.protect_rtcp(receiver_report(ssrc))


def test_index_goes_up(suite: CryptoSuite, master: Master) -> None:
    sender, offset = master.context(suite), 4 if "GCM" in master.profile else 14
    for index in range(3):
        protected = sender.protect_rtcp(receiver_report())
        at = len(protected) - offset
        assert int.from_bytes(protected[at : at + 4], "big") == 1 << 31 | index


def test_exhausted(suite: CryptoSuite, master: Master) -> None:
    sender, receiver = master.context(suite), master.context(suite)
    last = packet(sender, 1, (1 << 31) - 1)
    assert receiver.unprotect_rtcp(last) == receiver_report(1)
    with pytest.raises(Refused, match="exhausted"):
        sender.protect_rtcp(receiver_report())


def test_each_sender_ssrc_counts_for_itself(suite: CryptoSuite, master: Master) -> None:
    """As libsrtp does: two sessions of it stand for two streams."""
    receiver = master.context(suite)
    one, two = master.libsrtp(inbound=False), master.libsrtp(inbound=False)
    for _ in range(5):
        for session, ssrc in ((one, 1), (two, 2)):
            protected = session.protect_rtcp(receiver_report(ssrc))
            assert receiver.unprotect_rtcp(protected) == receiver_report(ssrc)
            with pytest.raises(Refused, match="replayed"):
                receiver.unprotect_rtcp(protected)


def test_late_and_old(suite: CryptoSuite, master: Master) -> None:
    sender, receiver = master.context(suite), master.context(suite)
    for index in (5000, 5000 - 1023, 4500):
        receiver.unprotect_rtcp(packet(sender, 1, index))
    for index, why in ((5000 - 1024, "old"), (5000, "replayed"), (4500, "replayed")):
        with pytest.raises(Refused, match=why):
            receiver.unprotect_rtcp(packet(sender, 1, index))


def test_a_dropped_sender_cannot_be_replayed(suite: CryptoSuite, master: Master) -> None:
    """The seventeenth SSRC takes the place of the longest silent one; what that one sent stays
    refused, and it comes back with its next packet."""
    sender, receiver = master.context(suite), master.context(suite)
    recorded = [packet(sender, 1, index) for index in range(10)]
    for protected in recorded:
        receiver.unprotect_rtcp(protected)
    for ssrc in range(2, SENDERS + 2):
        receiver.unprotect_rtcp(packet(sender, ssrc, 100 + ssrc))
    for protected in recorded:
        with pytest.raises(Refused, match="old"):
            receiver.unprotect_rtcp(protected)
    assert receiver.unprotect_rtcp(packet(sender, 1, 10)) == receiver_report(1)


def test_forgeries_drop_no_sender(suite: CryptoSuite, master: Master) -> None:
    sender, receiver = master.context(suite), master.context(suite)
    recorded = packet(sender, 1, 0)
    receiver.unprotect_rtcp(recorded)
    for ssrc in range(2, 100):
        forged = bytearray(packet(sender, ssrc, 50))
        forged[-1] ^= 1
        with pytest.raises(Refused, match="unauthentic"):
            receiver.unprotect_rtcp(bytes(forged))
    with pytest.raises(Refused, match="replayed"):
        receiver.unprotect_rtcp(recorded)
    assert receiver.unprotect_rtcp(packet(sender, 2, 0)) == receiver_report(2)


def clear(master: Master, report: bytes, index: int) -> bytes:
    """Authenticated, not encrypted: RFC 3711 section 3.4, RFC 7714 section 10.3."""
    word = index.to_bytes(4, "big")
    if "GCM" not in master.profile:
        key = derive(master.key, master.salt, 4, 20)
        return report + word + hmac.digest(key, report + word, hashlib.sha1)[:10]
    key = derive(master.key, master.salt, 3, PROFILES[master.profile][1])
    salt = derive(master.key, master.salt, 5, 12)
    nonce = bytes(2) + report[4:8] + bytes(2) + word
    iv = bytes(a ^ b for a, b in zip(nonce, salt, strict=True))
    return report + AESGCM(key).encrypt(iv, b"", report + word) + word


def test_authenticated_but_not_encrypted(suite: CryptoSuite, master: Master) -> None:
    receiver, report = master.context(suite), receiver_report()
    protected = clear(master, report, 7)
    for bit in range(8 * len(protected)):
        forged = bytearray(protected)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Refused, match="unauthentic"):
            receiver.unprotect_rtcp(bytes(forged))
    assert receiver.unprotect_rtcp(protected) == report
    with pytest.raises(Refused, match="replayed"):
        receiver.unprotect_rtcp(protected)
