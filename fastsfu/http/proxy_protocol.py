"""The PROXY protocol, versions 1 and 2: a load balancer says first whom a connection comes from.

    1   PROXY TCP4 192.0.2.1 192.0.2.9 51000 443 CR LF
    2   signature 12 | version and command | family and transport | length 2 | addresses, TLVs

https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, sections 2.1 and 2.2.
"""

import ipaddress
from typing import Final

from fastsfu.transport.addresses import TransportAddress

SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
BEGIN: Final = b"PROXY "
SHORTEST: Final = 15  # bytes: "PROXY UNKNOWN" and a line's end; version 2 has 16
LONGEST_LINE: Final = 107
HEADER: Final = 16
MOST: Final = 1024  # bytes of version 2 with all its TLVs
LOCAL, PROXIED = 0x20, 0x21
SIZES: Final = {0x11: 4, 0x21: 16}  # of an address: TCP over IPv4, over IPv6


def missing(data: bytes) -> int:
    """How many bytes more, at least, make it whole; 0: it is. ValueError: it is none."""
    if len(data) < SHORTEST:
        if not (SIGNATURE.startswith(data[:12]) or BEGIN.startswith(data[:6])):
            raise ValueError("no PROXY protocol")
        return SHORTEST - len(data)
    if data.startswith(SIGNATURE):
        if len(data) < HEADER:
            return HEADER - len(data)
        size = HEADER + int.from_bytes(data[14:16], "big")
        if size > MOST:
            raise ValueError("the header of the PROXY protocol is too long")
        return max(0, size - len(data))
    if not data.startswith(BEGIN):
        raise ValueError("no PROXY protocol")
    if data.endswith(b"\r\n"):
        return 0
    if len(data) >= LONGEST_LINE or b"\n" in data:
        raise ValueError("the line of the PROXY protocol has no end")
    return 1


def client_of(data: bytes) -> TransportAddress | None:
    """Where the client is, of a whole header; None: the load balancer speaks for itself.

    Raises ValueError.
    """
    return _of_line(data) if data.startswith(BEGIN) else _of_binary(data)


def _of_line(data: bytes) -> TransportAddress | None:
    words = data[:-2].decode("ascii").split(" ")
    if words[1] == "UNKNOWN":
        return None
    versions = {"TCP4": 4, "TCP6": 6}
    if len(words) != 6 or words[1] not in versions:
        raise ValueError("no line of the PROXY protocol")
    found = ipaddress.ip_address(words[2])
    if found.version != versions[words[1]]:
        raise ValueError("the address is of another family")
    return TransportAddress(str(found), _port(words[4]))


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 0xFFFF):
        raise ValueError("no port")
    return int(text)


def _of_binary(data: bytes) -> TransportAddress | None:
    if data[12] == LOCAL:
        return None
    if data[12] != PROXIED or data[13] not in SIZES:
        raise ValueError("the PROXY protocol of something else than TCP")
    size = SIZES[data[13]]
    if len(data) < HEADER + 2 * size + 4:
        raise ValueError("the addresses of the PROXY protocol are cut off")
    ports = HEADER + 2 * size  # of the client, then of the load balancer
    port = int.from_bytes(data[ports : ports + 2], "big")
    return TransportAddress(str(ipaddress.ip_address(data[HEADER : HEADER + size])), port)
