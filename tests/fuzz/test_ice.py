"""The lite agent under datagrams that are authentic but senseless, among some that are not.

An input is a row of records: source (1 byte), flags (1), size in words (1), attributes. The target
puts header, USERNAME, MESSAGE-INTEGRITY and FINGERPRINT around the attributes, so that they get
beyond the signature."""

import hmac
import zlib
from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.faces.ice import IGNORE, MAX_PATHS, Ice

OLD = (b"abcdefgh", b"p" * 24, b"r3mote")
NEW = (b"ijklmnop", b"q" * 24, b"again")
FORGED, SECOND, RESTART, INDICATION, LATER, BARE = (1 << bit for bit in range(6))
CHECK = bytes.fromhex("00240004 6e001eff 802a0008 0000000000000001 00250000")
CORPUS = [
    b"\1\0\x06" + CHECK,
    b"\1\0\x06" + CHECK + b"\2\x10\x06" + CHECK + b"\3\x04\x00" + b"\1\2\x06" + CHECK,
    b"\1\0\x03" + bytes.fromhex("80290008 0000000000000001"),
    b"".join(bytes([source, 16, 2]) + bytes.fromhex("00240004 6e001eff") for source in range(9)),
    b"\x81\x20\0" + b"\1\1\0" + b"\1\x08\0" + b"\1\0\1" + bytes.fromhex("7fff0000"),
]


def test_ice() -> None:
    fuzz("ice", live, CORPUS)


def live(data: bytes) -> Hashable:
    ice, now, actions = Ice(*OLD), 0, []
    while len(data) >= 3:
        source, flags, words = data[0], data[1], data[2] % 64
        attributes, data = data[3 : 3 + 4 * words], data[3 + 4 * words :]
        if flags & RESTART:
            ice.restart(*NEW)
        now += 300_000 if flags & LATER else 1000
        before = ice.state
        request = signed(attributes, flags)
        action, answer, _, dropped = ice.request(request, address(source), now)
        assert len(answer) <= len(request)
        assert (action == IGNORE) == (answer == b"")
        assert len(ice.paths) == len(set(ice.paths)) <= MAX_PATHS
        assert ice.selected is None or ice.selected in ice.paths
        assert dropped not in ice.paths
        if action == IGNORE:
            assert ice.state == before
        if flags & (FORGED | INDICATION):
            assert action == IGNORE
        actions.append((action, answer[:2], dropped is not None))
    return tuple(actions[:4])


def address(source: int) -> tuple[str, int]:
    return (f"2001:db8::{source:x}" if source & 0x80 else f"192.0.2.{source}", source)


def signed(attributes: bytes, flags: int) -> bytes:
    ufrag, password, remote = NEW if flags & SECOND else OLD
    user = ufrag + b":" + remote
    body = b"\0\6" + len(user).to_bytes(2, "big") + user + bytes(-len(user) % 4) + attributes
    body += bytes(-len(body) % 4)
    head = b"\0\x11" if flags & INDICATION else b"\0\1"
    rest = bytes.fromhex("2112a442") + bytes(12)

    def sized(size: int) -> bytes:
        return head + size.to_bytes(2, "big") + rest + body

    key = b"x" * 24 if flags & FORGED else password
    body += b"\0\x08\0\x14" + hmac.digest(key, sized(len(body) + 24), "sha1")
    if flags & BARE:
        return sized(len(body))
    body += b"\x80\x28\0\4" + (zlib.crc32(sized(len(body) + 8)) ^ 0x5354554E).to_bytes(4, "big")
    return sized(len(body))
