"""Challenges by which an ACME server sees that a domain is ours: tls-alpn-01 (RFC 8737).

It connects to our port, offers the application protocol `acme-tls/1` alone, and expects a
self-signed certificate with the digest that it waits for. Whoever offers anything else is served
as always, also while a challenge is pending.
"""

import asyncio
import datetime
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

from cryptography import x509

from fastsfu.http.client_hello import ClientHello
from fastsfu.http.tls import Pair
from fastsfu.transport.self_signed import SelfSigned

PROTOCOL: Final = "acme-tls/1"
ACME_IDENTIFIER: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")  # RFC 8737 section 6.1
OCTET_STRING_32: Final = b"\x04\x20"  # DER: tag and length
VALID: Final = datetime.timedelta(days=1)  # before and after now


class AcmeError(Exception):
    """No certificate came; `rate_limited`: because there were too many before."""

    def __init__(self, info: str, *, rate_limited: bool = False) -> None:
        super().__init__(info)
        self.rate_limited = rate_limited


class Challenges:
    """Those that are pending, by domain."""

    def __init__(self) -> None:
        self._contexts: dict[str, ssl.SSLContext] = {}

    def __bool__(self) -> bool:
        return bool(self._contexts)

    @contextmanager
    def pending(self, domain: str, digest: bytes) -> Iterator[None]:
        """Answer for `domain` meanwhile; `digest`: SHA-256 of the key authorization. From any
        thread.
        """
        self._contexts[domain] = _context(domain, digest)
        try:
            yield
        finally:
            self._contexts.pop(domain, None)

    def context_for(self, hello: ClientHello) -> ssl.SSLContext | None:
        """What answers this client; None: it is no validation of a pending challenge."""
        if hello.protocols != (PROTOCOL.encode(),):
            return None
        return self._contexts.get(hello.server_name)


class Answered(asyncio.Protocol):
    """A connection of the ACME server: the handshake was all that it came for."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).close()


def _context(domain: str, digest: bytes) -> ssl.SSLContext:
    context = _certificate(domain, digest).context()
    context.set_alpn_protocols([PROTOCOL])
    return context


def _certificate(domain: str, digest: bytes) -> Pair:
    """RFC 8737 section 3: the domain as its only name, the digest in a critical extension."""
    names = x509.SubjectAlternativeName([x509.DNSName(domain)])
    identifier = x509.UnrecognizedExtension(ACME_IDENTIFIER, OCTET_STRING_32 + digest)
    made = SelfSigned.make(
        "ACME challenge",
        before=VALID,
        after=VALID,
        extensions=[
            (names, False),
            (identifier, True),
        ],
    )
    return Pair(made.certificate, made.key)
