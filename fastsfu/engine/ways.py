"""The ways by which clients reach a native engine: its UDP port, TCP, its TURN relay."""

from collections.abc import Sequence
from dataclasses import replace

from fastsfu._native.engine.engine import Engine
from fastsfu.engine.relays import RelayUsers
from fastsfu.terms import PathKind
from fastsfu.transport.addresses import TransportAddress
from fastsfu.transport.ice import Candidate, tcp_candidates
from fastsfu.transport.relay import Relay


class Ways:
    """A native engine's asyncio face, as far as it is reached; the MediaEngine is one.

    Attributes: `candidates` (which go into each answer), `relay` (what it relays by TURN, if it
    does), `tcp_clients` (the clients of connections with media, by their addresses towards the
    worker).
    """

    _native: Engine

    def _open_ways(
        self,
        native: Engine,
        candidates: Sequence[Candidate],
        relay: Relay | None,
        relay_users: RelayUsers | None,
    ) -> None:
        self._native = native
        self.candidates = tuple(candidates)
        self.relay = relay
        self.tcp_clients: dict[tuple[str, int], TransportAddress] = {}
        self._relay_users = relay_users or RelayUsers([native])

    @property
    def port(self) -> int:
        """The UDP port that was bound."""
        return self._native.port

    def listen_tcp(self, port: int, tls_name: str | None) -> None:
        """Further ways to this engine, by the TCP port that passes on what comes to it."""
        addresses = [each.address for each in self.candidates if not each.tcp]
        self.candidates += tcp_candidates(addresses, port)
        if self.relay is not None:
            self.relay = replace(self.relay, tcp_port=port, tls_name=tls_name)

    def open_turn_port(self, host: str, port: int) -> None:
        """A further UDP port for the relay's clients; raises OSError."""
        self._native.open_extra_port(host, port)

    def tell_turn_port(self, port: int) -> None:
        """Clients are told from now on that they may come to this one, whichever engine has it."""
        if self.relay is not None:
            self.relay = replace(self.relay, udp_ports=(*self.relay.udp_ports, port))

    def relay_for(self, user: str) -> Relay | None:
        """What it relays by TURN, if it does: for this session too, from now on."""
        self._relay_users.admit(user)
        return self.relay

    def way_of(self, address: str) -> tuple[PathKind, str]:
        """How what comes to the worker from this "ip:port" has come here, and from where: for media
        over TCP that is the client's own, for the relay the one that it has there.
        """
        ip, _, digits = address.rpartition(":")
        ip, port = ip.strip("[]"), int(digits)
        if client := self.tcp_clients.get((ip, port)):
            return "tcp", str(client)
        is_own = any(ip == each.address for each in self.candidates)
        return "relay" if is_own and self._native.relay.has_port(port) else "udp", address

    def forget_client(self, ip: str, port: int) -> None:
        """A TURN client at this address has gone: end its allocation."""
        self._native.relay.forget_client(ip, port)
