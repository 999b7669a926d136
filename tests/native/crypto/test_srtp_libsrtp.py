"""Byte for byte what libsrtp makes, and each reads the other: profiles x makers x RTP and RTCP."""

import os

import pytest

from tests.native.crypto.support import PROFILES, Master, receiver_report, rtp_header
from tests.native.faces.srtp import CryptoSuite, protect_all

SIZES = [0, 1, 15, 16, 17, 63, 64, 65, 160, 1183, 1200]
HEADERS = {
    "plain": {},
    "csrcs": {"csrcs": 3},
    "extension": {"extension": b"\x10\xff\x22\x01\x02\x03\x00\x00"},
    "both": {"csrcs": 15, "extension": bytes(64)},
}


@pytest.mark.parametrize("shape", HEADERS)
def test_rtp_both_ways(suite: CryptoSuite, master: Master, shape: str) -> None:
    theirs, reader = master.libsrtp(inbound=False), master.libsrtp(inbound=True)
    ours, opened = master.context(suite), master.context(suite)
    for seq, size in enumerate(SIZES, 1000):
        header, payload = rtp_header(seq, **HEADERS[shape]), os.urandom(size)
        expected = theirs.protect(header + payload)
        assert ours.protect([(seq, header, payload)]) == [expected]
        assert reader.unprotect(expected) == header + payload
        assert opened.unprotect(expected, len(header)) == (seq, header + payload)


def test_rtcp_both_ways(suite: CryptoSuite, master: Master) -> None:
    theirs, reader = master.libsrtp(inbound=False), master.libsrtp(inbound=True)
    ours, opened = master.context(suite), master.context(suite)
    for blocks in (0, 1, 2, 31):
        report = receiver_report(blocks=blocks)
        protected = theirs.protect_rtcp(report)
        assert opened.unprotect_rtcp(protected) == report
        assert reader.unprotect_rtcp(ours.protect_rtcp(report)) == report


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("count", [1, 3, 4, 5, 16, 17, 63, 64, 65, 130])
def test_one_call_for_many_receivers(suite: CryptoSuite, count: int, in_place: bool) -> None:
    """Mixed profiles and sizes in one srtp_protect call, as the fan-out makes them."""
    masters = [Master.random(list(PROFILES)[i % 3 if count % 2 else 0]) for i in range(count)]
    jobs = [
        (master.context(suite), 7 + i, rtp_header(7 + i, ssrc=i), os.urandom(37 * i % 1300))
        for i, master in enumerate(masters)
    ]
    for master, job, packet in zip(masters, jobs, protect_all(jobs, in_place), strict=True):
        assert master.libsrtp(inbound=True).unprotect(packet) == job[2] + job[3]
