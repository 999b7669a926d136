"""ICE credentials and candidates of an ICE-lite agent (RFC 8445 section 2.5, RFC 8839).

A lite agent has only host candidates, one for each address, all on the one media port.
"""

import base64
import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

UFRAG_LENGTH = 8  # the engine tells transports apart by it; RFC 8839 section 5.4 asks for 4 to 256
PASSWORD_LENGTH = 24  # 143 bits; RFC 8839 section 5.4 asks for 22 to 256

_HOST_TYPE_PREFERENCE = 126  # RFC 8445 section 5.1.2.2
_TCP_PASSIVE = 4 << 13  # RFC 6544 section 4.2: its direction preference
_RTP_COMPONENT = 1


def new_ufrag() -> str:
    """A username fragment of 8 ICE characters."""
    return _random(UFRAG_LENGTH)


def new_password() -> str:
    """A password of 24 ICE characters."""
    return _random(PASSWORD_LENGTH)


@dataclass(frozen=True)
class Candidate:
    """A host candidate for component 1 (RTCP is multiplexed): UDP, or passive TCP (RFC 6544)."""

    foundation: str
    priority: int
    address: str
    port: int
    tcp: bool = False

    def candidate_line(self) -> str:
        """The value of its `a=candidate` attribute (RFC 8839 section 5.1)."""
        return (
            f"candidate:{self.foundation} {_RTP_COMPONENT} {'tcp' if self.tcp else 'udp'} "
            f"{self.priority} {self.address} {self.port} typ host"
            f"{' tcptype passive' if self.tcp else ''}"
        )


def host_candidates(addresses: Iterable[str], port: int) -> tuple[Candidate, ...]:
    """One candidate for each address, preferred in the given order (RFC 8445 section 5.1.2.1)."""
    return tuple(
        Candidate(
            foundation=str(index + 1),
            priority=_priority(local_preference=65535 - index),
            address=str(ipaddress.ip_address(address)),
            port=port,
        )
        for index, address in enumerate(dict.fromkeys(addresses))
    )


def tcp_candidates(addresses: Iterable[str], port: int) -> tuple[Candidate, ...]:
    """The same over TCP, each below every UDP candidate (RFC 6544 section 4.2)."""
    return tuple(
        Candidate(
            foundation=str(index + 1001),
            priority=_priority(local_preference=_TCP_PASSIVE + 8191 - index),
            address=str(ipaddress.ip_address(address)),
            port=port,
            tcp=True,
        )
        for index, address in enumerate(dict.fromkeys(addresses))
    )


def _priority(local_preference: int) -> int:
    return (_HOST_TYPE_PREFERENCE << 24) | (local_preference << 8) | (256 - _RTP_COMPONENT)


def _random(length: int) -> str:
    """Of ice-chars, which are those of base64 (RFC 8839 section 5.4)."""
    return base64.b64encode(secrets.token_bytes(length)).decode()[:length]
