"""The sessions of a PostgreSQL server, and their locks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from fastsfu.store.lives import LOCKS

OTHERS = "pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"


@asynccontextmanager
async def session(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def end_others(connection: asyncpg.Connection) -> None:
    """As a restart does; they and their locks are gone then."""
    told = await connection.fetch(f"SELECT pg_terminate_backend(pid), pid FROM {OTHERS}")
    some_left = f"SELECT count(*) > 0 FROM {OTHERS} AND pid = ANY($1)"
    async with asyncio.timeout(60):
        while await connection.fetchval(some_left, [each["pid"] for each in told]):
            await asyncio.sleep(0.01)


async def take_lock(connection: asyncpg.Connection, life: int) -> bool:
    """False: another session has it."""
    taken: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", LOCKS, life)
    return taken


async def give_lock(connection: asyncpg.Connection, life: int) -> None:
    await connection.execute("SELECT pg_advisory_unlock($1, $2)", LOCKS, life)
