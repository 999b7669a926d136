"""Broken set-ups that `fastsfu doctor` names, each with what to do about it."""

import datetime
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from fastsfu import doctor
from fastsfu.cli import app
from fastsfu.config import Config
from fastsfu.doctor import Finding, examine
from fastsfu.http.tls import Pair
from tests.support.certificates import write

LOOPBACK = "127.0.0.1"


def found(check: str, **options: Any) -> Finding:
    config = Config(**{"host": LOOPBACK, "port": 0, "media_port": 0, **options})
    return next(each for each in examine(config) if each.check == check)


def pair(begin: float, end: float, passphrase: bytes | None = None) -> Pair:
    """Valid from so many days from now, to so many."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "calls.example.org")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now + datetime.timedelta(days=begin))
        .not_valid_after(now + datetime.timedelta(days=end))
        .sign(key, hashes.SHA256())
    )
    encryption = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    return Pair(certificate.public_bytes(serialization.Encoding.PEM), private)


CERTIFICATES: dict[str, tuple[Callable[[], Pair], str, str]] = {
    "good": (lambda: pair(-1, 60.5), "good", "valid for 60 days"),
    "ends soon": (lambda: pair(-1, 3.5), "warning", "valid for 3 days"),
    "expired": (lambda: pair(-9, -1), "bad", "it expired on"),
    "the clock is a day behind": (lambda: pair(1, 60), "bad", "it is not valid before"),
    "of another key": (
        lambda: Pair(pair(-1, 60).chain, pair(-1, 60).key), "bad", "key of another certificate",
    ),
    "no certificate": (lambda: Pair(b"nothing", b"nothing"), "bad", "fullchain.pem"),
    "its key is encrypted": (lambda: pair(-1, 60, b"secret"), "bad", "passphrase"),
}  # fmt: skip


@pytest.mark.parametrize("case", CERTIFICATES)
def test_certificates(case: str, tmp_path: Path) -> None:
    made, level, text = CERTIFICATES[case]
    certificate, key = write(made(), tmp_path)
    finding = found("certificate", cert=certificate, key=key)
    assert finding.level == level
    assert text in finding.found.replace("_", " ").lower()
    assert bool(finding.fix) is (level != "good")


def test_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    finding = found("certificate", cert=tmp_path / "chain.pem", key=tmp_path / "key.pem")
    assert finding.level == "bad"
    assert "No such file" in finding.found


def test_acme_needs_port_443() -> None:
    finding = found("certificate", acme=["calls.example.org"])
    assert finding.level == "warning"
    assert "443" in finding.fix


def test_acme_needs_a_place_for_what_it_keeps(tmp_path: Path) -> None:
    taken = tmp_path / "state"
    taken.write_text("")
    for place, level in ((tmp_path / "new" / "state", "good"), (taken, "bad")):
        finding = found("certificate", acme=["calls.example.org"], port=443, acme_state=place)
        assert finding.level == level
    assert finding.found == f"{taken} is no folder"
    assert "FASTSFU_ACME_STATE" in finding.fix


def test_acme_needs_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastsfu.http.acme", None)
    finding = found("certificate", acme=["calls.example.org"])
    assert (finding.level, finding.fix) == ("bad", "pip install 'fastsfu[acme]'")


@pytest.mark.parametrize(
    ("kind", "check", "option"),
    [
        (socket.SOCK_STREAM, "HTTPS port", "port"),
        (socket.SOCK_STREAM, "metrics", "metrics_port"),
        (socket.SOCK_DGRAM, "media ports", "media_port"),
    ],
)
def test_a_port_that_is_taken(kind: socket.SocketKind, check: str, option: str) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind((LOOPBACK, 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        finding = found(check, workers=1, **{option: port})
    assert finding.level == "bad"
    assert f"{port}" in finding.found
    assert f"sport = :{port}" in finding.fix


@pytest.mark.parametrize(
    ("addresses", "level", "text"),
    [
        ([LOOPBACK], "bad", "this machine only"),
        (["10.0.0.7", LOOPBACK], "warning", "local network only"),
        (["8.8.8.8"], "good", "8.8.8.8"),
    ],
)
def test_addresses_that_nobody_reaches(addresses: list[str], level: str, text: str) -> None:
    finding = found("addresses", host="0.0.0.0", media_ips=addresses)
    assert finding.level == level
    assert text in finding.found


def test_a_machine_whose_clock_nobody_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        def adjtimex(self, _: object) -> int:
            return doctor.TIME_ERROR

    monkeypatch.setattr(doctor.ctypes, "CDLL", lambda *_, **__: Clock())
    finding = doctor._clock(Config(host=LOOPBACK))
    assert finding.level == "warning"
    assert "timedatectl" in finding.fix


@pytest.mark.parametrize(
    ("check", "fix"),
    [
        ("open files", "LimitNOFILE"),
        ("locked memory", "LimitMEMLOCK"),
    ],
)
def test_limits_that_are_too_low(check: str, fix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.resource, "getrlimit", lambda asked: (1024, 1024))
    monkeypatch.setattr(doctor.os, "geteuid", lambda: 1000)
    finding = found(check)
    assert finding.level == "warning"
    assert fix in finding.fix


def test_tokens_that_end_with_the_process() -> None:
    assert found("secret").level == "warning"
    assert found("secret", secret="x" * 32).level == "good"


def test_a_self_signed_certificate_is_said() -> None:
    assert "self-signed" in found("certificate").found


def test_doctor_takes_what_serve_is_told() -> None:
    told = ["--port", "0", "--workers", "1", "--acme", "calls.example.org", "--drain-timeout", "0"]
    done = CliRunner().invoke(app, ["doctor", *told, "--open-rooms"], env={"COLUMNS": "200"})
    assert "by ACME for calls.example.org" in done.stdout
