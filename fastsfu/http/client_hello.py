"""What a TLS client says first (RFC 8446 section 4.1.2): its server name and its application
protocols. Sizes are checked before anything is read; nothing is kept.

    record     16 | version 2 | length 2 | fragment        one after the other, RFC 8446 section 5.1
    handshake  01 | length 3 | version 2 | random 32 | session id <1> | cipher suites <2>
               | compression <1> | extensions <2>          <n>: behind its length of n bytes
    extension  type 2 | data <2>
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

HANDSHAKE: Final = 0x16
CLIENT_HELLO: Final = 1
SERVER_NAME: Final = 0  # RFC 6066 section 3
ALPN: Final = 16  # RFC 7301 section 3.1
LARGEST: Final = 16_384  # bytes that a hello may take here; those of browsers have up to 2,000


class ClientHello(NamedTuple):
    """`server_name` in lower case, "" when there is none."""

    server_name: str
    protocols: tuple[bytes, ...]


def missing(data: bytes) -> int:
    """How many bytes more, at least, make it whole; 0: it is, or it never will be one."""
    place, said = 0, b""
    while True:
        if len(said) >= 4:
            wanted = 4 + int.from_bytes(said[1:4], "big")
            if len(said) >= wanted or said[0] != CLIENT_HELLO or wanted > LARGEST:
                return 0
        if len(data) < place + 5:
            return place + 5 - len(data)
        if data[place] != HANDSHAKE:
            return 0
        end = place + 5 + int.from_bytes(data[place + 3 : place + 5], "big")
        if end > LARGEST:
            return 0
        if len(data) < end:
            return end - len(data)
        said += data[place + 5 : end]
        place = end


def parse(data: bytes) -> ClientHello:
    """A whole one, in its records; raises ValueError for what is none."""
    hello = Reader(_handshake(data))
    if hello.take(1)[0] != CLIENT_HELLO:
        raise ValueError("no ClientHello")
    body = Reader(hello.vector(3))
    body.take(2 + 32)
    for size in (1, 2, 1):  # session id, cipher suites, compression methods
        body.vector(size)
    name = ""
    protocols: tuple[bytes, ...] = ()
    extensions = Reader(body.vector(2)) if body.left else Reader(b"")
    while extensions.left:
        kind = int.from_bytes(extensions.take(2), "big")
        value = Reader(extensions.vector(2))
        if kind == SERVER_NAME:
            name = _server_name(value)
        elif kind == ALPN:
            protocols = tuple(_protocols(value))
    return ClientHello(name, protocols)


def _handshake(data: bytes) -> bytes:
    records, said = Reader(data), b""
    while records.left:
        if records.take(3)[0] != HANDSHAKE:
            raise ValueError("no record of a handshake")
        said += records.vector(2)
    return said


def _server_name(value: "Reader") -> str:
    names = Reader(value.vector(2))
    while names.left:
        kind, name = names.take(1)[0], names.vector(2)
        if kind == 0:  # host_name
            return name.decode("ascii").lower()
    return ""


def _protocols(value: "Reader") -> Iterator[bytes]:
    names = Reader(value.vector(2))
    while names.left:
        yield names.vector(1)


class Reader:
    """Bytes, taken from the front; ValueError where there are not as many."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._place

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise ValueError("a ClientHello is cut off")
        self._place += count
        return self._data[self._place - count : self._place]

    def vector(self, size: int) -> bytes:
        """What comes behind its length of `size` bytes."""
        return self.take(int.from_bytes(self.take(size), "big"))
