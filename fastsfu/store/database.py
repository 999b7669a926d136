"""The connection to the database: SQLite in a file, or PostgreSQL."""

import logging
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from fastsfu.errors import ConfigError, RecordError

logger = logging.getLogger("fastsfu.store")

T = TypeVar("T")
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MS = 5000  # that SQLite waits for another writer


def read_url(text: str) -> URL:
    """`sqlite:///calls.db` or `postgresql://...`; raises ConfigError, which shows no password."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigError("database: that is no URL, as sqlite:///calls.db is") from None
    if url.drivername not in DRIVERS:
        known = " or ".join(f"{each}://" for each in DRIVERS)
        raise ConfigError(f"database: {url.drivername}:// is not known, but {known}")
    if url.drivername == "sqlite" and not url.database:
        raise ConfigError("database: sqlite:// names no file, as sqlite:///calls.db does")
    return url.set(drivername=DRIVERS[url.drivername])


def open_engine(url: URL) -> AsyncEngine:
    """Connects when it is used first."""
    engine = create_async_engine(url, hide_parameters=True)
    if url.get_backend_name() == "sqlite":
        event.listen(engine.sync_engine, "connect", _set_pragmas)
    return engine


async def reached(asked: Awaitable[T]) -> T:
    """What the database says. Raises RecordError: its own errors may quote what they are about."""
    try:
        return await asked
    except (SQLAlchemyError, OSError) as error:
        logger.error("the database cannot be reached: %s", type(error).__name__)
        raise RecordError("The server's database cannot be reached.") from None


async def migrate(engine: AsyncEngine) -> None:
    """Make the tables what this version needs them to be."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _set_pragmas(connection: Any, _record: object) -> None:
    """A write-ahead log, so that who reads waits for nobody; each commit is on the disk."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
