"""The built-in TURN relay: what it is to keep to, and how clients are told of it."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from fastsfu.transport.turn import IceServer, ice_servers


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """Options of one worker's relay. The repr hides the secret."""

    secret: bytes = field(repr=False)  # of the credentials, at most 256 bytes
    host: str  # where the extra port listens
    addresses: tuple[str, ...]  # that peers reach us at, most preferred first
    own: tuple[str, ...]  # this machine's addresses: not relayed to
    endpoints: tuple[tuple[str, int], ...]  # the SFU's, which are
    allowed: tuple[str, ...] = ()  # networks that are relayed to though they are not public
    min_port: int = 49152  # of relayed addresses (RFC 8656 section 7.2)
    max_port: int = 65535
    extra_port: int | None = None  # a UDP port for clients besides the media port; 0: any
    max_users: int = 4096
    max_allocations: int = 4096
    max_user_allocations: int = 16
    user_bytes_per_s: int = 0  # both directions; 0: no limit
    bytes_per_s: int = 0


@dataclass(frozen=True, slots=True)
class Relay:
    """A worker's relay as its clients see it. Credentials of another process are of no use here."""

    udp_ports: tuple[int, ...]  # the media port first
    addresses: tuple[str, ...]
    secret: bytes = field(repr=False)
    tcp_port: int | None = None
    tls_name: str | None = None  # a name of the certificate; None: the addresses are

    def ice_servers(self, user: str, expires_at: float) -> list[IceServer]:
        """Its URLs, with credentials for `user` until `expires_at` (seconds since 1970).

        Those on the media port are for connections between clients only: Chromium has one socket
        for its host candidates and its UDP relays, and hands all that comes from a relay's address
        to the relay's client, the media of this server as well.
        """
        media, *extra = self.udp_ports
        shared = ice_servers(self._udp_urls([media]), self.secret, user, expires_at)
        others = ice_servers(
            [*self._udp_urls(extra), *self._tcp_urls()], self.secret, user, expires_at
        )
        return [replace(each, peer_only=True) for each in shared] + others

    def _udp_urls(self, ports: Iterable[int]) -> list[str]:
        return [f"turn:{host}:{port}?transport=udp" for port in ports for host in self._hosts]

    @property
    def _hosts(self) -> list[str]:
        """The first public address of each family, or else what there is."""
        return [_host(address) for address in _preferred(self.addresses)]

    def _tcp_urls(self) -> list[str]:
        hosts, found = self._hosts, []
        if self.tcp_port is not None:
            names = hosts if self.tls_name is None else [_host(self.tls_name)]
            found = [f"turn:{host}:{self.tcp_port}?transport=tcp" for host in hosts]
            found += [f"turns:{name}:{self.tcp_port}?transport=tcp" for name in names]
        return found


def _preferred(addresses: Sequence[str]) -> Iterator[str]:
    parsed = [ipaddress.ip_address(each) for each in addresses]
    for version in (4, 6):
        family = [each for each in parsed if each.version == version]
        yield from [str(each) for each in sorted(family, key=lambda ip: ip.is_loopback)[:1]]


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
