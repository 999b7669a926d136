"""The certificate and the private key as an operator gives them: two PEM files, and a third with
the passphrase of an encrypted key. Whatever is wrong with them is one sentence that says which.
"""

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_KEY = b"PRIVATE KEY-----"


class KeyFileError(ValueError):
    """Files that are no pair; the text names the one that has to change."""


def read(certificate: Path, key: Path, passphrase: Path | None = None) -> tuple[bytes, bytes]:
    """Chain and private key, both PEM, the key without encryption. Raises OSError, KeyFileError."""
    chain, secret = certificate.read_bytes(), key.read_bytes()
    if _KEY in chain and _CERTIFICATE in secret and _CERTIFICATE not in chain:
        raise KeyFileError(f"{certificate} holds the key and {key} the certificate: swap them")
    if _CERTIFICATE not in chain:
        raise KeyFileError(f"{certificate} holds no certificate in PEM")
    if _KEY not in secret:
        raise KeyFileError(f"{key} holds no private key in PEM")
    opened = _open(secret, key, passphrase)
    _check_pair(chain, opened, certificate, key)
    return chain, opened


def _open(secret: bytes, key: Path, passphrase: Path | None) -> bytes:
    """The key without encryption, for OpenSSL; one that has none as it is."""
    try:
        load_pem_private_key(secret, None)
    except TypeError:  # it is encrypted
        if passphrase is None:
            raise KeyFileError(
                f"{key} is encrypted: name a file with its passphrase (key_passphrase_file)"
            ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFileError(f"{key} holds no private key that can be read") from None
    else:
        return secret
    word = passphrase.read_bytes().rstrip(b"\r\n")
    try:
        found = load_pem_private_key(secret, word)
    except (ValueError, TypeError):
        raise KeyFileError(f"the passphrase in {passphrase} does not open {key}") from None
    return found.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _check_pair(chain: bytes, secret: bytes, certificate: Path, key: Path) -> None:
    try:
        certificates = x509.load_pem_x509_certificates(chain)
        theirs = [_public(each.public_key()) for each in certificates]
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFileError(f"{certificate} holds a certificate that cannot be read") from None
    ours = _public(load_pem_private_key(secret, None).public_key())
    if theirs[0] == ours:
        return
    if ours in theirs:
        raise KeyFileError(f"the certificate of {key} has to be the first in {certificate}")
    raise KeyFileError(f"{key} is the key of another certificate than {certificate}")


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
