"""Certificate files as a renewal leaves them, and what a handshake shows."""

import asyncio
import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from fastsfu.http.tls import Pair
from fastsfu.transport.self_signed import pem_of


def rsa_pair(name: str = "localhost") -> Pair:
    """A self-signed pair with an RSA key: another type than `tls.self_signed` makes."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Pair(certificate.public_bytes(serialization.Encoding.PEM), pem_of(key))


def write(pair: Pair, folder: Path) -> tuple[Path, Path]:
    """The pair as two files."""
    chain, key = folder / "fullchain.pem", folder / "privkey.pem"
    chain.write_bytes(pair.chain)
    key.write_bytes(pair.key)
    return chain, key


async def shown(port: int, *, name: str | None = "localhost", **limits: ssl.TLSVersion) -> bytes:
    """The certificate (PEM) that a new connection is shown; `limits` are the context's versions."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for limit, version in limits.items():
        setattr(context, limit, version)
    # An empty name leaves SNI out.
    _, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=name or ""
    )
    der = writer.get_extra_info("ssl_object").getpeercert(True)
    writer.close()
    await writer.wait_closed()
    return ssl.DER_cert_to_PEM_cert(der).encode()
