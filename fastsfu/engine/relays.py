"""The TURN relays of all workers, and whom they serve: the sessions there are."""

import secrets
from collections.abc import Sequence

from fastsfu._native.engine.engine import Engine
from fastsfu.config import Config
from fastsfu.transport.relay import Relay, relay_options

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
        native.open_relay(relay_options(config, ports, secret, extra_port=extra_port))
    extra = [natives[0].extra_port] if natives[0].extra_port else []
    addresses = tuple(config.media_ips)
    return [Relay((native.port, *extra), addresses, secret) for native in natives]
