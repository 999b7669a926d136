"""A TURN client's side, message by message (RFC 8656), with any credentials."""

import hashlib
import socket
import time
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from aioice import stun as aioice_stun

from fastsfu.transport.relay import RelayOptions
from fastsfu.transport.turn import credentials
from tests.support.stun import COOKIE, attribute, fingerprint, integrity, message

SECRET = b"only-for-the-tests-of-the-relay-0123"
ALLOCATE, REFRESH, SEND, CREATE_PERMISSION, CHANNEL_BIND = 0x0003, 0x0004, 0x0016, 0x0008, 0x0009
CHANNEL_NUMBER, LIFETIME, PEER, DATA = 0x000C, 0x000D, 0x0012, 0x0013
FAMILY, EVEN_PORT, TRANSPORT, DONT_FRAGMENT = 0x0017, 0x0018, 0x0019, 0x001A
RESERVATION, ADDITIONAL_FAMILY = 0x0022, 0x8000
UDP = (TRANSPORT, b"\x11\0\0\0")
TRANSACTION = b"0123456789ab"
SERVER = "203.0.113.1"  # where the server under test says it is


def options(**changes: Any) -> RelayOptions:
    """Options of a relay on SERVER, whose SFU has port 8443."""
    defaults: dict[str, Any] = {
        "secret": SECRET,
        "host": "0.0.0.0",
        "addresses": (SERVER,),
        "own": (SERVER, "203.0.113.2"),
        "endpoints": ((SERVER, 8443),),
    }
    return RelayOptions(**{**defaults, **changes})


def xor_address(ip: str, port: int, transaction: bytes = TRANSACTION) -> bytes:
    """The value of an XOR-PEER-ADDRESS (RFC 8489 section 14.2)."""
    packed = ip_address(ip).packed
    mask = COOKIE + transaction
    masked = bytes(a ^ b for a, b in zip(packed, mask, strict=False))
    return bytes([0, 1 if len(packed) == 4 else 2]) + (port ^ 0x2112).to_bytes(2, "big") + masked


def peer(ip: str, port: int = 0, transaction: bytes = TRANSACTION) -> tuple[int, bytes]:
    """An XOR-PEER-ADDRESS attribute."""
    return PEER, xor_address(ip, port, transaction)


def number(value: int) -> tuple[int, bytes]:
    """A CHANNEL-NUMBER attribute."""
    return CHANNEL_NUMBER, value.to_bytes(2, "big") + b"\0\0"


def lifetime(seconds: int) -> tuple[int, bytes]:
    """A LIFETIME attribute."""
    return LIFETIME, seconds.to_bytes(4, "big")


def indication(*attributes: tuple[int, bytes]) -> bytes:
    """A Send indication."""
    body = b"".join(attribute(kind, value) for kind, value in attributes)
    return message(body, kind=SEND, transaction=TRANSACTION)


@dataclass
class Client:
    """Signs requests with the credentials and the nonce that it has."""

    user: str = "ada"
    secret: bytes = SECRET
    expires_at: float = field(default_factory=lambda: time.time() + 1000)
    realm: bytes = b""
    nonce: bytes = b""
    told: tuple[str, str] | None = None  # username and password, when the server made them

    def challenged(self, answer: bytes | None) -> None:
        """Take realm and nonce from a 401 or 438."""
        read = parse(answer)
        self.realm = read.attributes["REALM"].encode()
        self.nonce = read.attributes["NONCE"]

    def request(
        self, kind: int, *attributes: tuple[int, bytes], transaction: bytes = TRANSACTION
    ) -> bytes:
        """A signed request."""
        username, password = self.told or credentials(self.secret, self.user, self.expires_at)
        body = b"".join(
            attribute(name, value)
            for name, value in (
                *attributes,
                (0x0006, username.encode()),
                (0x0014, self.realm),
                (0x0015, self.nonce),
            )
        )
        key = hashlib.md5(f"{username}:{self.realm.decode()}:{password}".encode()).digest()
        return fingerprint(integrity(message(body, kind=kind, transaction=transaction), key))


def plain(kind: int, *attributes: tuple[int, bytes]) -> bytes:
    """A request without credentials."""
    body = b"".join(attribute(name, value) for name, value in attributes)
    return message(body, kind=kind, transaction=TRANSACTION)


def parse(answer: bytes | None) -> aioice_stun.Message:
    """As aioice reads it."""
    assert answer is not None
    return aioice_stun.parse_message(answer)


def error_of(answer: bytes | None) -> int:
    """The error code of an answer; 0 for a success."""
    code = parse(answer).attributes.get("ERROR-CODE", (0, ""))
    return int(code[0])


class UdpClient(Client):
    """One with a socket, towards a server on the loopback."""

    def __init__(self, port: int, user: str = "ada", host: str = "127.0.0.1") -> None:
        super().__init__(user)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(5)
        self.challenged(self.ask(plain(ALLOCATE, UDP)))

    def ask(self, datagram: bytes) -> bytes:
        """Send a request and return the answer."""
        self.socket.send(datagram)
        return self.socket.recv(4096)

    def allocate(self, *attributes: tuple[int, bytes]) -> tuple[str, int]:
        """The relayed address."""
        answer = parse(self.ask(self.request(ALLOCATE, UDP, *attributes)))
        address: tuple[str, int] = answer.attributes["XOR-RELAYED-ADDRESS"]
        return address

    def bind(self, channel: int, to: tuple[str, int]) -> None:
        """Bind a channel to a peer."""
        assert error_of(self.ask(self.request(CHANNEL_BIND, number(channel), peer(*to)))) == 0

    def close(self) -> None:
        self.socket.close()


def channel_data(datagram: bytes, channel: int) -> bytes:
    """What a ChannelData message carries; behind it may be padding to 4 bytes."""
    assert int.from_bytes(datagram[:2], "big") == channel
    end = 4 + int.from_bytes(datagram[2:4], "big")
    assert len(datagram) in (end, end + -end % 4)
    return datagram[4:end]
