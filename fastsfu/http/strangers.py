"""How much who has proven nothing may ask for by TCP, counted by the network that it comes from.

Towards the workers all connections come from this host, so no worker can tell them apart: it leaves
the limit of TURN's answers to strangers (turn/turn) to this one. A request counts until its answer
shows that it was authentic; who asks for too much is read more slowly, nothing of it is lost.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final

from fastsfu.http.crowd import Network, networks_of

STRANGERS_PER_SECOND: Final = 50  # as turn/answer has it for those that come by UDP


class Strangers:
    """Of all connections. `now` is a clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._second = 0
        self._asked: Counter[Network] = Counter()

    def at(self, address: str) -> "Stranger":
        """One that comes from there."""
        return Stranger(self, networks_of(address)[0][0])

    def asks(self, network: Network) -> bool:
        """Count a request of this second; False when there were too many."""
        second = int(self._now())
        if second != self._second:
            self._second = second
            self._asked.clear()
        if self._asked[network] >= STRANGERS_PER_SECOND:
            return False
        self._asked[network] += 1
        return True

    def proves(self, network: Network) -> None:
        """A request was authentic: count one less."""
        self._asked[network] = max(0, self._asked[network] - 1)


class Stranger:
    """Who is behind one connection, until each of its requests is proven."""

    def __init__(self, strangers: Strangers, network: Network) -> None:
        self._strangers = strangers
        self._network = network

    def asks(self) -> bool:
        """May a request of it go on now?"""
        return self._strangers.asks(self._network)

    def proves(self) -> None:
        """One has been answered as an authentic one is."""
        self._strangers.proves(self._network)
