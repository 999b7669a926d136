"""Datagrams of somebody who knows the addresses and no key: during the handshake they are dropped
(RFC 6347 section 4.1.2.7), whatever they are, and the association goes on.
"""

import struct

import pytest

from tests.native.crypto.dtls_peers import IDENTITY, PyOpenSSL, shake
from tests.native.faces.dtls import Association

CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE, FINISHED = 1, 2, 11, 16, 20


def record(
    kind: int, body: bytes, *, epoch: int = 0, seq: int = 900, version: int = 0xFEFD
) -> bytes:
    head = struct.pack("!BHHHIH", kind, version, epoch, 0, seq, len(body))
    return head + body


def message(kind: int, body: bytes, seq: int = 0, **claims: int) -> bytes:
    """A handshake message, or what claims to be one."""
    size, at, part = (
        claims.get(name, default)
        for name, default in (("size", len(body)), ("at", 0), ("part", len(body)))
    )
    head = bytes([kind]) + size.to_bytes(3, "big") + seq.to_bytes(2, "big")
    return head + at.to_bytes(3, "big") + part.to_bytes(3, "big") + body


KINDS = {
    "noise": bytes(range(20, 60)),
    "fatal alert": record(ALERT, b"\x02\x28"),
    "close notify": record(ALERT, b"\x01\x00"),
    "long alert": record(ALERT, b"\x02" * 40),
    "change of cipher": record(CCS, b"\x01"),
    "other change of cipher": record(CCS, b"\x07\x07"),
    "data": record(DATA, b"hello"),
    "encrypted": record(HANDSHAKE, bytes(48), epoch=1),
    "other version": record(HANDSHAKE, message(CLIENT_HELLO, bytes(60)), version=0x0303),
    "empty handshake": record(HANDSHAKE, b""),
    "short handshake": record(HANDSHAKE, b"\x01\x00\x00"),
    "hello of zeros": record(HANDSHAKE, message(CLIENT_HELLO, bytes(60))),
    "hello in the middle": record(HANDSHAKE, message(CLIENT_HELLO, bytes(60), seq=2)),
    "server's hello": record(HANDSHAKE, message(SERVER_HELLO, bytes(60))),
    "huge message": record(
        HANDSHAKE, message(CERTIFICATE, bytes(60), seq=1, size=0xFFFFFF, part=60)
    ),
    "part beyond its message": record(
        HANDSHAKE, message(CERTIFICATE, bytes(60), 1, size=30, part=60)
    ),
    "part that is not there": record(
        HANDSHAKE, message(CERTIFICATE, bytes(20), 1, part=90, size=90)
    ),
    "unknown message": record(HANDSHAKE, message(99, bytes(30), seq=1)),
    "finished in the clear": record(HANDSHAKE, message(FINISHED, bytes(12), seq=1)),
    "unknown record": record(99, bytes(30)),
}


@pytest.mark.parametrize("client", [False, True], ids=["to the server", "to the client"])
@pytest.mark.parametrize("before", range(8))
@pytest.mark.parametrize("kind", KINDS)
def test_forged_datagram_ends_nothing(kind: str, before: int, client: bool) -> None:
    """Before each datagram that our side gets."""
    peer = PyOpenSSL(not client)
    ours = Association(IDENTITY, client)
    came = 0

    def network(flight: list[bytes]) -> list[bytes]:
        nonlocal came
        arriving = []
        for datagram in flight:
            if sender is peer:
                if came == before:
                    arriving.append(KINDS[kind])
                came += 1
            arriving.append(datagram)
        return arriving

    sender: object = None

    class Sent:
        """An end that notes that it is the one that sends."""

        def __init__(self, end: object) -> None:
            self.end = end

        def __getattr__(self, name: str) -> object:
            nonlocal sender
            if name == "take":
                sender = self.end
            return getattr(self.end, name)

    both = (Sent(ours), Sent(peer)) if client else (Sent(peer), Sent(ours))
    shake(*both, network)  # type: ignore[arg-type]
    assert came > before or before > 3
    assert (ours.state, ours.error) == ("connected", "")
