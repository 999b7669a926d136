"""STUN messages made by hand (RFC 8489), well formed or not."""

import hashlib
import hmac
import zlib
from secrets import token_bytes

COOKIE = b"\x21\x12\xa4\x42"
REQUEST = b"\x00\x01"  # how a Binding request begins


def attribute(kind: int, value: bytes) -> bytes:
    padding = bytes(-len(value) % 4)
    return kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + padding


def message(body: bytes, *, kind: int = 0x0001, transaction: bytes | None = None) -> bytes:
    header = kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + COOKIE
    return header + (transaction or token_bytes(12)) + body


def integrity(datagram: bytes, password: bytes) -> bytes:
    """With MESSAGE-INTEGRITY behind it (section 14.5)."""
    covered = _with_length(datagram, len(datagram) - 20 + 24)
    return covered + attribute(0x0008, hmac.digest(password, covered, hashlib.sha1))


def fingerprint(datagram: bytes) -> bytes:
    """With FINGERPRINT behind it (section 14.7)."""
    covered = _with_length(datagram, len(datagram) - 20 + 8)
    return covered + attribute(0x8028, (zlib.crc32(covered) ^ 0x5354554E).to_bytes(4, "big"))


def request(
    *attributes: tuple[int, bytes], password: bytes, transaction: bytes | None = None
) -> bytes:
    """A Binding request with these attributes, MESSAGE-INTEGRITY and FINGERPRINT."""
    body = b"".join(attribute(kind, value) for kind, value in attributes)
    return fingerprint(integrity(message(body, transaction=transaction), password))


def success(request: bytes, *, password: bytes) -> bytes:
    """The answer to a Binding request, without the address that it came from."""
    return fingerprint(integrity(message(b"", kind=0x0101, transaction=request[8:20]), password))


def _with_length(datagram: bytes, length: int) -> bytes:
    return datagram[:2] + length.to_bytes(2, "big") + datagram[4:]
