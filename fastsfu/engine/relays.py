"""The TURN relays of all workers, and whom they serve: the sessions there are."""

import secrets
import time
from collections.abc import Iterable, Sequence

from fastsfu._native.engine.engine import Engine
from fastsfu.config import Config
from fastsfu.transport.addresses import local_addresses
from fastsfu.transport.relay import Relay, RelayOptions
from fastsfu.transport.turn import IceServer, ice_servers

_SECRET_BYTES = 32


class RelayUsers:
    """A client may come to each worker: by TCP, say, to another one than its session's."""

    def __init__(self, natives: Sequence[Engine]) -> None:
        self._relays = [native.relay for native in natives]

    def admit(self, user: str) -> None:
        """Its credentials are good from now on; idempotent."""
        for relay in self._relays:
            relay.admit(user)

    def revoke(self, user: str) -> None:
        """They are no longer, and what they gave is closed."""
        for relay in self._relays:
            relay.revoke(user)


def open_relays(config: Config, natives: Sequence[Engine]) -> list[Relay | None]:
    """Each may send to the media ports of all; the first one has the further port."""
    if not config.turn:
        return [None] * len(natives)
    secret = secrets.token_bytes(_SECRET_BYTES)
    ports = [native.port for native in natives]
    for native in natives:
        extra_port = config.turn_port if native is natives[0] else None
        native.open_relay(_relay_options(config, ports, secret, extra_port=extra_port))
    extra = [natives[0].extra_port] if natives[0].extra_port else []
    addresses = tuple(config.media_ips)
    return [Relay((native.port, *extra), addresses, secret) for native in natives]


def session_ice_servers(config: Config, relay: Relay | None, session_id: str) -> list[IceServer]:
    """The relay's and the external ones, good for `turn_credential_lifetime` from now on.

    Their user name carries the session id, by which quotas are counted.
    """
    until = time.time() + config.turn_credential_lifetime
    own = [] if relay is None else relay.ice_servers(session_id, until)
    secret = None
    if config.turn_secret is not None:
        secret = config.turn_secret.get_secret_value().encode()
    return own + ice_servers(config.turn_urls, secret, session_id, until)


def _relay_options(
    config: Config, media_ports: Iterable[int], secret: bytes, *, extra_port: int | None
) -> RelayOptions:
    """For a worker's relay; `media_ports` are those of all workers, which it may send to."""
    ports = list(media_ports)
    return RelayOptions(
        secret=secret,
        host=config.host,
        addresses=tuple(config.media_ips),
        own=tuple(dict.fromkeys(str(address) for address in local_addresses())),
        endpoints=tuple((address, port) for address in config.media_ips for port in ports),
        allowed=tuple(config.turn_allowed_peers),
        min_port=config.turn_min_port,
        max_port=config.turn_max_port,
        extra_port=extra_port,
        max_users=config.max_transports * config.workers,
        max_allocations=config.turn_max_allocations,
        max_user_allocations=config.turn_user_allocations,
        user_bytes_per_s=config.turn_user_bandwidth // 8,
        bytes_per_s=config.turn_bandwidth // 8,
    )
