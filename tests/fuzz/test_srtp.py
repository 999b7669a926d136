"""srtp_unprotect and srtcp_unprotect on anything: what is taken was made with the key, and what is
refused leaves nothing behind (the face looks)."""

from collections.abc import Callable, Hashable

import pytest

from tests.fuzz.harness import fuzz
from tests.native.crypto.support import MAKERS, PROFILES, receiver_report, rtp_header
from tests.native.faces.srtp import CryptoContext, CryptoSuite, Refused

PAYLOADS = [b"", b"x", bytes(range(40)), bytes(1200)]
PLAIN_RTP = [rtp_header(seq, csrcs=seq % 3) + body for seq, body in enumerate(PAYLOADS)]
PLAIN_RTCP = [receiver_report(blocks=blocks) for blocks in (0, 1, 3)]


def context(maker: str, profile: str) -> CryptoContext:
    number, key_size, salt_size, _ = PROFILES[profile]
    return CryptoContext(CryptoSuite(MAKERS[maker]), number, bytes(key_size), bytes(salt_size))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("maker", MAKERS)
def test_srtp(maker: str, profile: str) -> None:
    sender, receiver = context(maker, profile), context(maker, profile)
    headers = [12 + 4 * (packet[0] & 15) for packet in PLAIN_RTP]
    corpus = sender.protect(
        [
            (seq, packet[:size], packet[size:])
            for seq, (packet, size) in enumerate(zip(PLAIN_RTP, headers, strict=True))
        ]
    )

    def read(packet: bytes) -> tuple[int, bytes]:
        return receiver.unprotect(packet, 12 + 4 * (packet[0] & 15) if packet else 12)

    fuzz(f"srtp-{maker}-{profile}", reader(lambda packet: read(packet)[1], PLAIN_RTP), corpus)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("maker", MAKERS)
def test_srtcp(maker: str, profile: str) -> None:
    sender, receiver = context(maker, profile), context(maker, profile)
    corpus = [sender.protect_rtcp(report) for report in PLAIN_RTCP]
    fuzz(f"srtcp-{maker}-{profile}", reader(receiver.unprotect_rtcp, PLAIN_RTCP), corpus)


def reader(unprotect: Callable[[bytes], bytes], sent: list[bytes]) -> Callable[[bytes], Hashable]:
    taken: list[bytes] = []

    def read(packet: bytes) -> Hashable:
        try:
            plain = unprotect(packet)
        except Refused as refused:
            return str(refused)
        assert plain in sent
        assert plain not in taken
        taken.append(plain)
        return len(plain)

    return read
