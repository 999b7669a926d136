"""Which servers this one may send requests to because somebody named their URL.

Who names it has an API key, but what it leads to may be inside our own network: the cloud's
metadata service, a database, this machine. So it is https, and each address that it leads to is
public or was allowed; that is looked at when the connection is made, not before.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Network, ip_network
from urllib.parse import urlsplit

from fastsfu.transport.addresses import IpAddress, ip_address

LONGEST = 2048  # characters of a URL
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: its last 32 bits are an IPv4 address
AZURE = ip_address("168.63.129.16")  # a public address, and yet the cloud's own service


class Targets:
    """`allowed` networks (`10.0.0.0/8`) may be reached though they are not public."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = [ip_network(each) for each in allowed]

    def check_url(self, url: str) -> None:
        """Raise ValueError for one that nothing may be sent to whatever its name leads to."""
        if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError(f"it is no URL of {LONGEST} printable ASCII characters at most")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("it is no URL") from None
        if parts.scheme != "https" or not parts.hostname or port == 0:
            raise ValueError("it has to be https://HOST/...")
        if "@" in parts.netloc or "#" in url:
            raise ValueError("it may hold no user, password or fragment")
        try:
            literal = ip_address(parts.hostname)
        except ValueError:
            return  # a name, which is looked up when it is needed
        if not self.may_reach(literal):
            raise ValueError("its address is not public, and was not allowed")

    def may_reach(self, address: IpAddress) -> bool:
        """Whether a connection may be made there."""
        inner = _inner(address)
        if any(inner in network for network in self._allowed):
            return True
        return inner.is_global and not inner.is_multicast and inner != AZURE


def _inner(address: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 one leads to by translation or a tunnel, else itself."""
    if not isinstance(address, IPv6Address):
        return address
    if address in NAT64:
        return ip_address(".".join(map(str, address.packed[-4:])))
    teredo = address.teredo and address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or teredo or address
