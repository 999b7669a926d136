"""What has happened, written down in its order: many entries in one transaction.

Who notes never waits. While the database is not to be reached the entries wait for it, MOST of
them, the last ones; how many that cost is logged. One that it will not have is left out and logged,
and costs the others nothing.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from sqlalchemy import Executable, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from fastsfu.store.lives import Locks
from fastsfu.store.tables import LIVES

logger = logging.getLogger("fastsfu.store")

MOST = 50_000  # entries that wait; the oldest fall out
AT_ONCE = 500  # entries in a transaction
PATIENCE = 5.0  # seconds that somebody who joins waits for the database
RETRY = 1.0  # seconds
HOLD = 2.0  # seconds: so long after a restart of the database this process may be taken for dead
SEEN = 30.0  # seconds: so exact is the end of what a killed process has left


class Unreached(Exception):
    """There is no connection."""


AWAY = (Unreached, OperationalError, InterfaceError, OSError)

Row = tuple[Executable, Mapping[str, Any]]
Entry = Sequence[Row]  # all of it is written, or nothing


class Journal:
    """Of the process that is this life (lives.py), whose lock it sees to."""

    def __init__(self, engine: AsyncEngine, life: int, locks: Locks) -> None:
        self._engine = engine
        self._life = life
        self._locks = locks
        self._waiting: deque[Entry] = deque()
        self._noted = 0  # entries since the beginning
        self._written = 0  # of them, those that wait for nothing any more
        self._lost = 0  # of these, since the database was reached last
        self._wake = asyncio.Event()
        self._progress = asyncio.Condition()
        self._closing = False
        self._writer = asyncio.create_task(self._write())

    def note(self, entry: Entry) -> None:
        """Write these rows too, together."""
        self._waiting.append(entry)
        self._noted += 1
        self._drop_oldest()
        self._wake.set()

    async def settled(self) -> None:
        """Wait until all that has been noted is written; PATIENCE seconds at most."""
        wanted = self._noted
        try:
            async with asyncio.timeout(PATIENCE), self._progress:
                await self._progress.wait_for(lambda: self._written >= wanted)
        except TimeoutError:
            logger.error("the database has not answered for %.0f s: going on without", PATIENCE)

    async def close(self) -> None:
        """Write what is left, and end; PATIENCE seconds at most."""
        await self.settled()
        self._closing = True
        self._wake.set()
        await asyncio.wait([self._writer], timeout=PATIENCE)
        self._writer.cancel()

    async def _write(self) -> None:
        seen_until = 0.0
        while not self._closing:
            with suppress(TimeoutError):
                async with asyncio.timeout(HOLD):
                    await self._wake.wait()
            if not self._wake.is_set() and time.monotonic() < seen_until:
                with suppress(Exception):  # what is written next will say so
                    await self._locks.hold()
                continue
            self._wake.clear()
            while not await self._write_some():
                pass
            seen_until = time.monotonic() + SEEN

    async def _write_some(self) -> bool:
        """True when nothing is left to be written."""
        entries = deque(self._waiting.popleft() for _ in range(min(len(self._waiting), AT_ONCE)))
        try:
            await self._commit_all(entries)
        except AWAY as error:
            self._waiting.extendleft(reversed(entries))
            self._drop_oldest()
            logger.error("the database cannot be reached: %s", _name_of(error))
            await asyncio.sleep(RETRY)
            return self._closing
        if self._lost:
            logger.error("the database was away for too long: %d entries are lost", self._lost)
            self._lost = 0
        return not self._waiting

    def _drop_oldest(self) -> None:
        """Nobody waits for what is too much."""
        while len(self._waiting) > MOST:
            self._waiting.popleft()
            self._written += 1
            self._lost += 1

    async def _commit_all(self, entries: deque[Entry]) -> None:
        """Leaves in it what the database has not decided about, when it raises one of AWAY."""
        try:
            await self._commit(entries)
        except AWAY:
            raise
        except Exception:  # one of them is at fault: find it
            while entries:
                await self._commit_one(entries[0])
                entries.popleft()
                await self._settle(1)
        await self._settle(len(entries))

    async def _commit_one(self, entry: Entry) -> None:
        try:
            await self._commit([entry])
        except AWAY:
            raise
        except Exception as error:
            logger.error("what happened cannot be written: %s", type(error).__name__)

    async def _settle(self, count: int) -> None:
        async with self._progress:
            self._written += count
            self._progress.notify_all()

    async def _commit(self, entries: Iterable[Entry]) -> None:
        seen = update(LIVES).where(LIVES.c.id == self._life).values(seen_at=time.time())
        try:
            await self._locks.hold()
            connection = await self._engine.connect()
        except Exception as error:  # drivers have errors of their own for this
            raise Unreached from error
        try:
            async with connection.begin():
                for statement, values in chain.from_iterable(entries):
                    await connection.execute(statement, values)
                await connection.execute(seen)
        finally:
            await connection.close()


def _name_of(error: Exception) -> str:
    """Without what it quotes."""
    return type(error.__cause__ or error).__name__
