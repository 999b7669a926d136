"""A server as its configuration says: the SFU with the edges that it needs, none of which knows
another.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.sfu import SFU
from fastsfu.transport.targets import Targets


def assemble(config: Config, on_bound: Callable[[], None] = lambda: None) -> SFU:
    """Not entered yet. `on_bound` is called when all its ports are open and no media thread runs
    yet. Raises ConfigError.
    """
    return SFU(config, on_bound=on_bound, **stored(config))


def stored(config: Config) -> dict[str, Any]:
    """What SFU takes so that rooms and meetings are in the configured database, and webhooks are
    sent; nothing when there is none. Raises ConfigError.
    """
    if config.database is None:
        return {}
    try:
        from fastsfu.store.store import Store
        from fastsfu.webhooks.delivery import Deliveries
        from fastsfu.webhooks.payloads import told_of
        from fastsfu.webhooks.sender import Webhooks
    except ImportError as error:
        info = f"database: {error.name} is missing; pip install 'fastsfu[store]' brings it"
        raise ConfigError(info) from None
    store = Store(
        config.database.get_secret_value(),
        keeps_meetings=config.meeting_retention,
        tells=told_of,
    )
    open_post = partial(Deliveries, Targets(config.webhook_allowed_networks))
    return {"records": store, "beside": [Webhooks(store.outbox, open_post)]}
