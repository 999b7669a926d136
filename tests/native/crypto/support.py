"""What the SRTP tests share: profiles, makers, and libsrtp (pylibsrtp) as the oracle."""

import ctypes
import os
from dataclasses import dataclass

from pylibsrtp import Policy, Session

from tests.native.faces.srtp import CryptoContext, CryptoSuite

MAKERS = {"ipsec-mb": 1, "openssl": 2}
PROFILES = {
    "AES128_CM_SHA1_80": (1, 16, 14, Policy.SRTP_PROFILE_AES128_CM_SHA1_80),
    "AEAD_AES_128_GCM": (7, 16, 12, Policy.SRTP_PROFILE_AEAD_AES_128_GCM),
    "AEAD_AES_256_GCM": (8, 32, 12, Policy.SRTP_PROFILE_AEAD_AES_256_GCM),
}


def available(maker: str) -> bool:
    """IPsec-MB is for x86 machines and may be missing; OpenSSL never is."""
    try:
        return maker == "openssl" or bool(ctypes.CDLL("libIPSec_MB.so.1"))
    except OSError:
        return False


MAKERS = {name: number for name, number in MAKERS.items() if available(name)}


@dataclass
class Master:
    """A master key; makes contexts of ours and sessions of libsrtp's from it."""

    profile: str
    key: bytes
    salt: bytes

    @classmethod
    def random(cls, profile: str) -> "Master":
        _, key_size, salt_size, _ = PROFILES[profile]
        return cls(profile, os.urandom(key_size), os.urandom(salt_size))

    def context(self, suite: CryptoSuite) -> CryptoContext:
        return CryptoContext(suite, PROFILES[self.profile][0], self.key, self.salt)

    def libsrtp(self, inbound: bool) -> Session:
        kind = Policy.SSRC_ANY_INBOUND if inbound else Policy.SSRC_ANY_OUTBOUND
        policy = Policy(
            key=self.key + self.salt, ssrc_type=kind, srtp_profile=PROFILES[self.profile][3]
        )
        policy.window_size = 1024
        return Session(policy)


def rtp_header(seq: int, ssrc: int = 0xDECAFBAD, csrcs: int = 0, extension: bytes = b"") -> bytes:
    """Fixed header, `csrcs` contributing sources, and an extension of whole words (or none)."""
    first = 0x80 | csrcs | (0x10 if extension else 0)
    fixed = bytes([first, 96]) + (seq & 0xFFFF).to_bytes(2, "big") + b"\x00\x01\x02\x03"
    sources = b"".join((0x100 + i).to_bytes(4, "big") for i in range(csrcs))
    words = (len(extension) // 4).to_bytes(2, "big")
    tail = b"\xbe\xde" + words + extension if extension else b""
    return fixed + ssrc.to_bytes(4, "big") + sources + tail


def receiver_report(ssrc: int = 0xDECAFBAD, blocks: int = 1) -> bytes:
    words = 1 + 6 * blocks
    head = bytes([0x80 | blocks, 201]) + words.to_bytes(2, "big") + ssrc.to_bytes(4, "big")
    return head + bytes(range(24)) * blocks
