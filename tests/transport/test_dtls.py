"""The certificate that DTLS shows and the answer names."""

import datetime
import hashlib
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fastsfu.transport.dtls import Certificate


def test_certificate_is_ecdsa_on_p256_and_valid_now() -> None:
    made = Certificate.generate()
    certificate = x509.load_pem_x509_certificate(made.certificate_pem)
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert public.curve.name == "secp256r1"
    now = datetime.datetime.now(datetime.UTC)
    hour = datetime.timedelta(hours=1)
    assert certificate.not_valid_before_utc < now - hour
    assert certificate.not_valid_after_utc > now + hour
    certificate.verify_directly_issued_by(certificate)


def test_fingerprint_is_the_sha256_of_the_certificate() -> None:
    made = Certificate.generate()
    der = ssl.PEM_cert_to_DER_cert(made.certificate_pem.decode())
    digest = hashlib.sha256(der).digest().hex(":").upper()
    assert made.fingerprint == digest


def test_key_belongs_to_the_certificate(tmp_path: Path) -> None:
    made = Certificate.generate()
    key = load_pem_private_key(made.private_key_pem, None)
    certificate = x509.load_pem_x509_certificate(made.certificate_pem)
    assert key.public_key() == certificate.public_key()
    # OpenSSL agrees.
    for name, pem in (("cert", made.certificate_pem), ("key", made.private_key_pem)):
        (tmp_path / name).write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")


def test_each_is_new_and_names_nobody() -> None:
    one, other = Certificate.generate(), Certificate.generate()
    assert one.fingerprint != other.fingerprint
    names = {
        x509.load_pem_x509_certificate(each.certificate_pem).subject.rfc4514_string()
        for each in (one, other)
    }
    assert len(names) == 2


def test_repr_hides_the_key() -> None:
    made = Certificate.generate()
    assert "PRIVATE" not in repr(made)
    assert made.fingerprint in repr(made)
