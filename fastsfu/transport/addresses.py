"""The IP addresses of this machine, and at which of them a socket can be reached."""

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

import ifaddr

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class TransportAddress(NamedTuple):
    """An IP address with a port, as `192.0.2.1:443` or `[2001:db8::1]:443`."""

    ip: str
    port: int

    def __str__(self) -> str:
        found = unmapped(self.ip)
        return f"[{found}]:{self.port}" if found.version == 6 else f"{found}:{self.port}"


def reachable_addresses(host: str) -> list[str]:
    """The addresses at which a socket bound to `host` can be reached, loopback last.

    Link-local addresses are left out: a candidate cannot carry the zone that they need (RFC 8839
    5.1).
    """
    bound = ip_address(host)
    if not bound.is_unspecified:
        return [str(bound)]
    local = [address for address in local_addresses() if not address.is_link_local]
    if bound.version == 4:
        local = [address for address in local if address.version == 4]
    ordered = sorted(set(local), key=lambda a: (a.is_loopback, a.version, local.index(a)))
    return [str(address) for address in ordered]


def of_another_family(host: str, addresses: Iterable[str]) -> list[str]:
    """Those at which no socket on `host` can be reached; `::` takes both families."""
    bound = ip_address(host)
    if bound == ipaddress.IPv6Address("::"):
        return []
    return [each for each in addresses if ip_address(each).version != bound.version]


def ip_address(text: str) -> IpAddress:
    """Parse one; the ValueError says what is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{text!r} is no IP address") from None


def ip_network(text: str) -> str:
    """A network as `address/prefix`; the ValueError says what is none."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError(f"{text!r} is no network like 10.0.0.0/8") from None


def is_within(text: str, network: str) -> bool:
    """Whether an address, also an IPv4 one as IPv6 writes it, is of this `address/prefix`."""
    return unmapped(text) in ipaddress.ip_network(network)


def unmapped(text: str) -> IpAddress:
    """The address without its zone, an IPv4 one as such though IPv6 writes it."""
    found = ip_address(text.partition("%")[0])
    return getattr(found, "ipv4_mapped", None) or found


def is_public(text: str) -> bool:
    """Whether everybody can get to this address."""
    return ip_address(text).is_global


def local_addresses() -> Iterable[IpAddress]:
    """Those of all interfaces."""
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            # An IPv6 address is a tuple with flow information and zone.
            yield ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
