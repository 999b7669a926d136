"""Which processes that used the database are dead: each holds a lock for as long as it lives.

The lock goes with its process, however that ends. So whoever comes finds what a killed one left
unfinished, and takes nothing from one that still runs beside it.
"""

import fcntl
import logging
import time
from contextlib import suppress
from io import BufferedRandom
from pathlib import Path
from typing import Protocol

from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fastsfu.store.tables import LIVES

logger = logging.getLogger("fastsfu.store")

LOCKS = 0x5F5  # the class of our advisory locks in PostgreSQL


class Locks(Protocol):
    """Of one process; all go when it ends."""

    async def take(self, life: int) -> bool:
        """False: another one has it."""

    async def hold(self) -> None:
        """Take again what was lost; raises when the database is away."""

    async def close(self) -> None: ...


class FileLocks:
    """Beside a database in a file: one empty file for each life (flock)."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._files: dict[int, BufferedRandom] = {}

    async def take(self, life: int) -> bool:
        file = self._path(life).open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._files[life] = file
        return True

    async def hold(self) -> None: ...

    async def close(self) -> None:
        for life, file in self._files.items():
            self._path(life).unlink(missing_ok=True)
            file.close()
        self._files.clear()

    def _path(self, life: int) -> Path:
        return self._database.with_name(f"{self._database.name}-life-{life}")


class AdvisoryLocks:
    """In PostgreSQL: of a connection that is kept open, and which its restart ends."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._taken: list[int] = []
        self._held: set[int] = set()  # of them, by this connection
        self._said: set[int] = set()  # of them, those of which the log has that another holds them

    async def take(self, life: int) -> bool:
        if not await self._take(life):
            return False
        self._taken.append(life)
        return True

    async def hold(self) -> None:
        try:
            if self._connection is not None:
                await self._connection.execute(text("SELECT 1"))
        except Exception:  # drivers have errors of their own for it
            await self._lose()
        for life in self._taken:
            if life not in self._held and not await self._take(life) and life not in self._said:
                self._said.add(life)
                logger.error("the lock of life %d, ours, is held by another session", life)

    async def _take(self, life: int) -> bool:
        if self._connection is None:
            connection = await self._engine.connect()
            self._connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        taken = text("SELECT pg_try_advisory_lock(:kind, :life)")
        result = await self._connection.execute(taken, {"kind": LOCKS, "life": life})
        if not result.scalar_one():
            return False
        self._held.add(life)
        return True

    async def close(self) -> None:
        if self._connection is not None:
            with suppress(Exception):  # the server may have gone, and the lock with it
                await self._connection.execute(text("SELECT pg_advisory_unlock_all()"))
            await self._lose()

    async def _lose(self) -> None:
        """Its session ends, if it can still be told: in the pool it would keep the locks."""
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with suppress(Exception):
                await connection.invalidate()
            with suppress(Exception):
                await connection.close()


async def begin_life(engine: AsyncEngine, locks: Locks) -> int:
    """This process's own."""
    async with engine.begin() as connection:
        result = await connection.execute(insert(LIVES).values(seen_at=time.time()))
        assert result.inserted_primary_key is not None
        life: int = result.inserted_primary_key[0]
        await locks.take(life)  # before anybody else sees it
    return life


async def dead_lives(engine: AsyncEngine, locks: Locks, own: int) -> dict[int, float]:
    """Those that have ended without a word, and when they were seen last; ours to clear away."""
    async with engine.connect() as connection:
        result = await connection.execute(select(LIVES).where(LIVES.c.id != own))
        others = {row.id: row.seen_at for row in result}
    return {life: seen_at for life, seen_at in others.items() if await locks.take(life)}


async def end_life(connection: AsyncConnection, life: int) -> None:
    """It left nothing unfinished."""
    await connection.execute(delete(LIVES).where(LIVES.c.id == life))
