"""An operator's files that are no pair get a sentence that says which one is wrong, and how."""

import datetime
import logging
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.http.key_files import KeyFileError, read
from fastsfu.http.opening import open_certificate
from fastsfu.http.tls import Pair
from tests.support.certificates import rsa_pair, write

WORD = "correct horse"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(rsa_pair("calls.example"), tmp_path)


def refused(*files: Path) -> str:
    with pytest.raises(KeyFileError) as error:
        read(*files)
    assert WORD not in str(error.value)
    assert error.value.__cause__ is None
    return str(error.value)


def encrypt(key: Path, form: PrivateFormat = PrivateFormat.PKCS8) -> None:
    plain = load_pem_private_key(key.read_bytes(), None)
    how = BestAvailableEncryption(WORD.encode())
    key.write_bytes(plain.private_bytes(Encoding.PEM, form, how))


def test_files_that_are_swapped(files: tuple[Path, Path]) -> None:
    chain, key = files
    assert refused(key, chain) == f"{key} holds the key and {chain} the certificate: swap them"


def test_key_of_another_certificate(files: tuple[Path, Path]) -> None:
    chain, key = files
    key.write_bytes(rsa_pair().key)
    assert refused(chain, key) == f"{key} is the key of another certificate than {chain}"


def test_chain_in_the_wrong_order(files: tuple[Path, Path]) -> None:
    chain, key = files
    chain.write_bytes(rsa_pair("issuer").chain + chain.read_bytes())
    assert refused(chain, key) == f"the certificate of {key} has to be the first in {chain}"


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_encrypted_key(files: tuple[Path, Path], tmp_path: Path, form: PrivateFormat) -> None:
    chain, key = files
    pair = Pair.read(chain, key)
    encrypt(key, form)
    says = f"{key} is encrypted: name a file with its passphrase (key_passphrase_file)"
    assert refused(chain, key) == says
    word = tmp_path / "passphrase"
    word.write_text("wrong\n")
    assert refused(chain, key, word) == f"the passphrase in {word} does not open {key}"
    word.write_text("")
    assert refused(chain, key, word) == f"the passphrase in {word} does not open {key}"
    word.write_text(f"{WORD}\n")
    opened = Pair.read(chain, key, word)
    opened.context()
    assert opened.chain == pair.chain
    assert b"ENCRYPTED" not in opened.key
    with pytest.raises(FileNotFoundError):
        read(chain, key, tmp_path / "nothing")


def test_passphrase_of_a_key_that_has_none(files: tuple[Path, Path], tmp_path: Path) -> None:
    word = tmp_path / "passphrase"
    word.write_text(WORD)
    assert Pair.read(*files, word) == Pair.read(*files)


def test_files_that_hold_something_else(files: tuple[Path, Path]) -> None:
    chain, key = files
    whole = key.read_bytes()
    key.write_bytes(b"hello")
    assert refused(chain, key) == f"{key} holds no private key in PEM"
    key.write_bytes(whole[: len(whole) // 2] + b"\n" + whole[-40:])
    assert refused(chain, key) == f"{key} holds no private key that can be read"
    key.write_bytes(whole)
    cut = chain.read_bytes()
    chain.write_bytes(cut[: len(cut) // 2] + b"\n-----END CERTIFICATE-----\n")
    assert refused(chain, key) == f"{chain} holds a certificate that cannot be read"
    chain.write_bytes(b"")
    assert refused(chain, key) == f"{chain} holds no certificate in PEM"


def test_server_says_it_at_start(files: tuple[Path, Path], tmp_path: Path) -> None:
    chain, key = files
    encrypt(key)
    with pytest.raises(ConfigError, match=r"privkey\.pem is encrypted: name a file"):
        open_certificate(Config(cert=chain, key=key))
    word = tmp_path / "passphrase"
    word.write_text(WORD)
    given = open_certificate(Config(cert=chain, key=key, key_passphrase_file=word))
    assert given.pair.names() == ["calls.example"]
    with pytest.raises(ConfigError, match="key_passphrase_file belongs to a key"):
        Config.load(key_passphrase_file=word)


@pytest.mark.parametrize(
    ("begins", "ends", "says"),
    [(-2, -1, "expired on 20"), (1, 2, "is not valid before 20"), (-1, 1, None)],
)
def test_dates_are_told_at_start(
    files: tuple[Path, Path],
    caplog: pytest.LogCaptureFixture,
    begins: int,
    ends: int,
    says: str | None,
) -> None:
    chain, key = files
    chain.write_bytes(reissued(chain, key, begins, ends))
    with caplog.at_level(logging.WARNING, "fastsfu.tls"):
        open_certificate(Config(cert=chain, key=key))
    told = [record.getMessage() for record in caplog.records]
    if says is None:
        assert told == []
    else:
        assert len(told) == 1
        assert told[0].startswith(f"the certificate in {chain} {says}")


def reissued(chain: Path, key: Path, begins: int, ends: int) -> bytes:
    """The same certificate, valid from and to so many days from now."""
    old = x509.load_pem_x509_certificate(chain.read_bytes())
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=begins))
        .not_valid_after(now + datetime.timedelta(days=ends))
    )
    signer = load_pem_private_key(key.read_bytes(), None)
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)
