"""The DTLS identity of a server: a self-signed certificate that lives as long as the process.

Its fingerprint travels in the answer over TLS, which is what makes it trusted (RFC 8122, RFC 5763).
"""

import datetime
import secrets
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, secrets.token_hex(8))])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_DIFFERENCE)
            .not_valid_after(now + LIFETIME)
            .sign(key, hashes.SHA256())
        )
        return cls(
            certificate_pem=certificate.public_bytes(serialization.Encoding.PEM),
            private_key_pem=key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        )
