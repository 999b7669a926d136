"""TLS for HTTPS and WSS: 1.2 and newer only, a certificate from files or a self-signed one.

`ServerCertificate.context` is what the server listens with for as long as it lives. Each handshake
takes the pair that is current at that moment (by the server name callback, which OpenSSL calls with
or without SNI), so a renewed pair reaches new connections and leaves open ones alone (promise P8).
A new context for each pair, because loading into a live one would keep the old pair beside the new
one when the key type changes.
"""

import asyncio
import datetime
import ipaddress
import logging
import os
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from fastsfu.http import key_files
from fastsfu.transport.self_signed import SelfSigned

logger = logging.getLogger("fastsfu.tls")
POLL_SECONDS = 1.0
SELF_SIGNED_DAYS = 90


@dataclass(frozen=True)
class Pair:
    """A certificate chain and its private key, both PEM."""

    chain: bytes
    key: bytes = field(repr=False)

    @classmethod
    def read(cls, certificate: Path, key: Path, passphrase: Path | None = None) -> "Pair":
        """From files, the third with the passphrase of the key; raises OSError, KeyFileError."""
        return cls(*key_files.read(certificate, key, passphrase))

    def context(self) -> ssl.SSLContext:
        """A server context with this pair; raises ssl.SSLError when it is none."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        with _memory_file(self.chain) as chain, _memory_file(self.key) as key:
            # Without a password OpenSSL would ask on the terminal for an encrypted key's.
            context.load_cert_chain(chain, key, password=b"")
        return context

    def names(self) -> list[str]:
        """The DNS names of the first certificate in the chain."""
        certificate = x509.load_pem_x509_certificate(self.chain)
        with suppress(x509.ExtensionNotFound):
            found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            return found.value.get_values_for_type(x509.DNSName)
        return []

    def expires_at(self) -> datetime.datetime:
        """The end of validity (UTC) of the first certificate in the chain."""
        return x509.load_pem_x509_certificate(self.chain).not_valid_after_utc

    def why_invalid(self) -> str | None:
        """That browsers do not take it because of its dates, as half a sentence."""
        certificate = x509.load_pem_x509_certificate(self.chain)
        now = datetime.datetime.now(datetime.UTC)
        if certificate.not_valid_after_utc < now:
            return f"expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
        if certificate.not_valid_before_utc > now:
            return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        return None


class ServerCertificate:
    """The pair in use, and the listening context that hands it to every new connection."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self._current = pair.context()
        self.context = pair.context()
        self.context.sni_callback = self._choose

    def replace(self, pair: Pair) -> None:
        """Use another pair from the next handshake on; raises ssl.SSLError, then the old stays."""
        self._current = pair.context()
        self.pair = pair

    def _choose(
        self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext
    ) -> None:
        connection.context = self._current


async def watch(
    served: ServerCertificate, certificate: Path, key: Path, passphrase: Path | None = None
) -> None:
    """Reload the pair whenever one of its files changes, until cancelled.

    A pair that cannot be read or does not match (half written) leaves the old one in use and costs
    one line in the log; it is tried again at each look, since what was in the way (a mode, no file
    descriptor left) need not show in the files. They are polled, because a renewal may swap a
    symbolic link anywhere on their path.
    """
    files = (certificate, key) if passphrase is None else (certificate, key, passphrase)
    seen = refused = _signature(*files)
    while True:
        await asyncio.sleep(POLL_SECONDS)
        now = _signature(*files)
        if now == seen:
            continue
        try:
            served.replace(Pair.read(*files))
            seen = now
            logger.info("certificate reloaded, valid until %s", served.pair.expires_at())
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            if now != refused:
                logger.warning("certificate files do not fit, old pair kept: %s", error)
            refused = now


def self_signed(names: Iterable[str], addresses: Iterable[str]) -> Pair:
    """A certificate for development, valid 90 days, for these host names and IP addresses."""
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in dict.fromkeys(names)]
    alternatives += [x509.IPAddress(ipaddress.ip_address(a)) for a in dict.fromkeys(addresses)]
    made = SelfSigned.make(
        "fastsfu (self-signed)",
        before=datetime.timedelta(hours=1),
        after=datetime.timedelta(days=SELF_SIGNED_DAYS),
        extensions=[
            (x509.SubjectAlternativeName(alternatives), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        ],
    )
    return Pair(made.certificate, made.key)


def _signature(*paths: Path) -> tuple[tuple[int, int, int] | None, ...]:
    return tuple(_file_signature(path) for path in paths)


def _file_signature(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


@contextmanager
def _memory_file(content: bytes) -> Iterator[str]:
    """A path that OpenSSL can read, without the key ever being written to a disk."""
    descriptor = os.memfd_create("pem", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
