"""Who is in, and by how many of an address or network: connections, bounded.

When all places are taken, whoever has been silent the longest makes room for who comes: so nobody
holds the door shut without doing something.
"""

import ipaddress
from collections import Counter, OrderedDict
from collections.abc import Callable

# Of IPv6 a client has all addresses with the same 64 bits, and often some more of these networks:
# bits, and how many times the most of one address.
NETWORKS_V6 = ((64, 1), (56, 2), (48, 4))

Network = tuple[int, bytes]  # bits, address


class Place:
    """One connection's. `abort` ends it; it is silent until it says something that makes sense."""

    def __init__(self, crowd: "Crowd", networks: list[Network]) -> None:
        self.abort: Callable[[], object] = lambda: None
        self._crowd: Crowd | None = crowd
        self._networks = networks

    def come_from(self, address: str) -> bool:
        """Its address, which was not known before; False when there are too many of it."""
        return self._crowd is not None and self._crowd.count(address, self._networks)

    def speak(self) -> None:
        """It is not silent any more."""
        if self._crowd is not None:
            self._crowd.silent.pop(self, None)

    def fall_silent(self) -> None:
        """It is again."""
        if self._crowd is not None:
            self._crowd.silent[self] = None

    def leave(self) -> None:
        """It has ended. Idempotent."""
        crowd, self._crowd = self._crowd, None
        if crowd is not None:
            crowd.silent.pop(self, None)
            crowd.left(self._networks)


class Crowd:
    """All of one kind."""

    def __init__(self, most: int, most_of_address: int) -> None:
        self._most = most
        self._most_of_address = most_of_address
        self._of_network: Counter[Network] = Counter()
        self.inside = 0
        self.silent: OrderedDict[Place, None] = OrderedDict()  # longest first

    def enter(self, address: str | None) -> Place | None:
        """None when there are too many already. Without an address: `Place.come_from` says it."""
        if address is not None and self._is_full_of(address):
            return None
        if self.inside >= self._most and not self._drop_oldest():
            return None
        self.inside += 1
        place = Place(self, [])
        if address is not None:
            place.come_from(address)
        self.silent[place] = None
        return place

    def count(self, address: str, networks: list[Network]) -> bool:
        """What a Place says: one more of this address, whose networks are put into the list; False
        when there are too many.
        """
        if self._is_full_of(address):
            return False
        networks += [network for network, _ in networks_of(address)]
        self._of_network.update(networks)
        return True

    def left(self, networks: list[Network]) -> None:
        """What a Place says when it is given up."""
        self.inside -= 1
        for network in networks:
            self._of_network[network] -= 1
            if not self._of_network[network]:
                del self._of_network[network]

    def _is_full_of(self, address: str) -> bool:
        return any(
            self._of_network[network] >= self._most_of_address * times
            for network, times in networks_of(address)
        )

    def _drop_oldest(self) -> bool:
        if not self.silent:
            return False
        oldest = next(iter(self.silent))
        oldest.leave()
        oldest.abort()
        return True


def networks_of(address: str) -> list[tuple[Network, int]]:
    """Those that an address counts for, smallest first, with how many times its most each takes."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.version == 4:
        return [((32, found.packed), 1)]
    return [((bits, found.packed[: bits // 8]), times) for bits, times in NETWORKS_V6]
