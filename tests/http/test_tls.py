"""Self-signed certificates, and pairs that are none."""

import asyncio
import datetime
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.http import tls
from fastsfu.http.opening import open_certificate, open_listener
from tests.support.certificates import rsa_pair, write


def test_self_signed_names_what_it_is_for() -> None:
    pair = tls.self_signed(["localhost", "box", "localhost"], ["127.0.0.1", "::1", "127.0.0.1"])
    certificate = x509.load_pem_x509_certificate(pair.chain)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == pair.names() == ["localhost", "box"]
    addresses = [str(each) for each in names.get_values_for_type(x509.IPAddress)]
    assert addresses == ["127.0.0.1", "::1"]
    left = pair.expires_at() - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(89) < left <= datetime.timedelta(90)


def test_key_is_not_shown() -> None:
    assert "PRIVATE" not in repr(tls.self_signed(["localhost"], []))


def test_pair_that_is_none_keeps_the_old() -> None:
    old, other = tls.self_signed(["a"], []), rsa_pair("b")
    served = tls.ServerCertificate(old)
    for wrong in (replace(old, key=other.key), replace(old, chain=b""), replace(old, key=b"x")):
        with pytest.raises(ssl.SSLError):
            served.replace(wrong)
        assert served.pair is old
    served.replace(other)
    assert served.pair is other


async def test_a_pair_that_could_not_be_read_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that the files show has changed meanwhile: neither a mode nor a descriptor does."""
    monkeypatch.setattr(tls, "POLL_SECONDS", 0)
    old, new = tls.self_signed(["a"], []), tls.self_signed(["b"], [])
    served = tls.ServerCertificate(old)
    files = write(old, tmp_path)
    failures = iter([PermissionError(13, "Permission denied")] * 3)

    def read(*_: Path) -> tls.Pair:
        if failure := next(failures, None):
            raise failure
        return new

    monkeypatch.setattr(tls.Pair, "read", read)
    watching = asyncio.create_task(tls.watch(served, *files))
    await asyncio.sleep(0)
    write(new, tmp_path)
    async with asyncio.timeout(10):
        while served.pair is not new:
            await asyncio.sleep(0)
    watching.cancel()
    assert [each.message for each in caplog.records if each.levelname == "WARNING"] == [
        "certificate files do not fit, old pair kept: [Errno 13] Permission denied"
    ]


def test_configured_files_are_checked_at_start(tmp_path: Path) -> None:
    certificate, key = write(rsa_pair("calls.example"), tmp_path)
    given = open_certificate(Config(cert=certificate, key=key))
    assert given.pair.names() == ["calls.example"]
    key.write_bytes(rsa_pair().key)
    with pytest.raises(ConfigError, match=r"privkey\.pem is the key of another certificate"):
        open_certificate(Config(cert=certificate, key=key))
    key.unlink()
    with pytest.raises(ConfigError, match=r"privkey\.pem: No such file"):
        open_certificate(Config(cert=certificate, key=key))


def test_listens_on_both_families_when_asked() -> None:
    with open_listener(Config(host="::", port=0)) as both:
        port = both.getsockname()[1]
        with pytest.raises(ConfigError, match=f"TCP 127.0.0.1:{port}: Address already in use"):
            open_listener(Config(host="127.0.0.1", port=port))
