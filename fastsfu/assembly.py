"""A server as its configuration says: the SFU with the edges that it needs, none of which knows
another.
"""

from collections.abc import Callable

from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.room.records import Records
from fastsfu.sfu import SFU


def assemble(config: Config, on_bound: Callable[[], None] = lambda: None) -> SFU:
    """Not entered yet. `on_bound` is called when all its ports are open and no media thread runs
    yet. Raises ConfigError.
    """
    return SFU(config, records=records_of(config), on_bound=on_bound)


def records_of(config: Config) -> Records | None:
    """The configured database; None when there is none. Raises ConfigError."""
    if config.database is None:
        return None
    try:
        from fastsfu.store.store import Store
    except ImportError as error:
        info = f"database: {error.name} is missing; pip install 'fastsfu[store]' brings it"
        raise ConfigError(info) from None
    return Store(config.database.get_secret_value(), keeps_meetings=config.meeting_retention)
