"""The DTLS identity of a server: a self-signed certificate that lives as long as the process.

Its fingerprint travels in the answer over TLS, which is what makes it trusted (RFC 8122, RFC 5763).
"""

import datetime
import secrets
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from fastsfu.transport.self_signed import SelfSigned

LIFETIME = datetime.timedelta(days=365)
_CLOCK_DIFFERENCE = datetime.timedelta(days=1)  # clients with a wrong clock; some check the dates


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, PEM; ECDSA on P-256, which every WebRTC client takes (RFC
    8827).
    """

    certificate_pem: bytes
    private_key_pem: bytes = field(repr=False)
    fingerprint: str  # SHA-256, "AB:CD:..."

    @classmethod
    def generate(cls) -> "Certificate":
        """A new one. Its name is random: it is sent in the clear and should tell nothing (RFC
        8826).
        """
        made = SelfSigned.make(secrets.token_hex(8), before=_CLOCK_DIFFERENCE, after=LIFETIME)
        digest = x509.load_pem_x509_certificate(made.certificate).fingerprint(hashes.SHA256())
        return cls(made.certificate, made.key, digest.hex(":").upper())
