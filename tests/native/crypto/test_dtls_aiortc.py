"""aiortc at the other end, in both roles: handshake, fingerprints, SRTP both ways, goodbye."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiortc.rtcdtlstransport import (
    SRTP_PROFILES,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)

from tests.native.crypto.dtls_peers import CERTIFICATE, IDENTITY
from tests.native.crypto.support import PROFILES, Master, receiver_report, rtp_header
from tests.native.faces.dtls import Association
from tests.native.faces.srtp import CryptoContext, CryptoSuite

NAMES = {number: name for name, (number, *_) in PROFILES.items()}
SSRC = 0xDECAFBAD


class Wire:
    """aiortc's idea of an ICE transport, with an Association at its other end."""

    role = "controlling"

    def __init__(self, ours: Association) -> None:
        self.ours, self.received = ours, asyncio.Queue[bytes]()
        self.media: list[bytes] = []

    async def _send(self, datagram: bytes) -> None:
        if datagram[0] < 64:
            self.ours.receive(datagram)
            self.flush()
        else:
            self.media.append(datagram)

    async def _recv(self) -> bytes:
        return await self.received.get()

    def flush(self) -> None:
        for datagram in self.ours.take():
            self.received.put_nowait(datagram)


@asynccontextmanager
async def shaken(
    client: bool, profile: str = "AEAD_AES_128_GCM", fingerprints: list | None = None
) -> AsyncIterator[tuple[Association, RTCDtlsTransport, Wire, RTCCertificate]]:
    certificate = RTCCertificate.generateCertificate()
    ours = Association(IDENTITY, client)
    wire = Wire(ours)
    theirs = RTCDtlsTransport(wire, [certificate])  # type: ignore[arg-type]
    theirs._srtp_profiles = [
        known for known in SRTP_PROFILES if known.libsrtp_profile == PROFILES[profile][3]
    ]
    theirs._set_role("server" if client else "client")
    if client:
        ours.start()
        wire.flush()
    expected = RTCDtlsParameters(fingerprints or CERTIFICATE.getFingerprints())
    await asyncio.wait_for(theirs.start(expected), 10)
    yield ours, theirs, wire, certificate
    await theirs.stop()


def contexts(ours: Association) -> tuple[CryptoContext, CryptoContext]:
    """(receiving, sending)"""
    number, receive_key, receive_salt, send_key, send_salt = ours.keys()
    suite = CryptoSuite()
    return (
        Master(NAMES[number], receive_key, receive_salt).context(suite),
        Master(NAMES[number], send_key, send_salt).context(suite),
    )


@pytest.mark.parametrize("client", [False, True])
@pytest.mark.parametrize("profile", PROFILES)
async def test_media_both_ways(client: bool, profile: str) -> None:
    async with shaken(client, profile) as (ours, theirs, wire, certificate):
        assert theirs.state == ours.state == "connected"
        for fingerprint in certificate.getFingerprints():
            digest = bytes.fromhex(fingerprint.value.replace(":", ""))
            assert ours.peer_matches(fingerprint.algorithm, digest)
        receiving, sending = contexts(ours)
        rtp, rtcp = rtp_header(5) + b"payload", receiver_report(SSRC)
        await theirs._send_rtp(rtp)
        await theirs._send_rtp(rtcp)
        assert receiving.unprotect(wire.media[0]) == (5, rtp)
        assert receiving.unprotect_rtcp(wire.media[1]) == rtcp
        assert theirs._rx_srtp.unprotect(sending.protect([(5, rtp[:12], rtp[12:])])[0]) == rtp
        assert theirs._rx_srtp.unprotect_rtcp(sending.protect_rtcp(rtcp)) == rtcp


@pytest.mark.parametrize("client", [False, True])
async def test_its_goodbye(client: bool) -> None:
    async with shaken(client) as (ours, theirs, _, _):
        await theirs.stop()
        assert ours.state == "closed"


@pytest.mark.parametrize("client", [False, True])
async def test_our_goodbye(client: bool) -> None:
    async with shaken(client) as (ours, theirs, wire, _):
        closed = await_state(theirs, "closed")
        ours.close()
        wire.flush()
        await asyncio.wait_for(closed, 10)


def await_state(theirs: RTCDtlsTransport, state: str) -> asyncio.Future[None]:
    reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def changed() -> None:
        if theirs.state == state:
            reached.set_result(None)

    theirs.on("statechange", changed)
    return reached


async def test_it_refuses_a_wrong_fingerprint() -> None:
    """What our side shows is what the signaling announces, and nothing else passes."""
    wrong = [RTCDtlsFingerprint("sha-256", ":".join(["00"] * 32))]
    async with shaken(False, fingerprints=wrong) as (_, theirs, _, _):
        assert theirs.state == "failed"
