"""What has happened, written down in its order: many entries in one transaction.

Who notes never waits. While the database is not to be reached the entries wait for it, MOST of
them; one that it will not have is left out and logged, and costs the others nothing.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Executable, update
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from fastsfu.store.tables import LIVES

logger = logging.getLogger("fastsfu.store")

MOST = 50_000  # entries that wait; the oldest fall out
AT_ONCE = 500  # entries in a transaction
PATIENCE = 5.0  # seconds that somebody who joins waits for the database
RETRY = 1.0  # seconds
SEEN = 30.0  # seconds: so exact is the end of what a killed process has left

Row = tuple[Executable, Mapping[str, Any]]
Entry = Sequence[Row]  # all of it is written, or nothing


class Journal:
    """Of the process that is this life (lives.py)."""

    def __init__(self, engine: AsyncEngine, life: int) -> None:
        self._engine = engine
        self._life = life
        self._waiting: deque[Entry] = deque(maxlen=MOST)
        self._noted = 0  # entries since the beginning
        self._written = 0  # of them, those that wait for nothing any more
        self._wake = asyncio.Event()
        self._progress = asyncio.Condition()
        self._closing = False
        self._writer = asyncio.create_task(self._write())

    def note(self, entry: Entry) -> None:
        """Write these rows too, together."""
        if len(self._waiting) == MOST:
            self._written += 1  # the oldest is lost, nobody waits for it
        self._waiting.append(entry)
        self._noted += 1
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
        while not self._closing:
            try:
                async with asyncio.timeout(SEEN):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            while not await self._write_some():
                pass

    async def _write_some(self) -> bool:
        """True when nothing is left to be written."""
        entries = [self._waiting.popleft() for _ in range(min(len(self._waiting), AT_ONCE))]
        try:
            await self._commit(entries)
        except (OperationalError, InterfaceError, OSError) as error:
            self._waiting.extendleft(reversed(entries))
            logger.error("the database cannot be reached: %s", type(error).__name__)
            await asyncio.sleep(RETRY)
            return self._closing
        except DBAPIError:
            await self._commit_each(entries)
        async with self._progress:
            self._written += len(entries)
            self._progress.notify_all()
        return not self._waiting

    async def _commit(self, entries: Sequence[Entry]) -> None:
        seen = update(LIVES).where(LIVES.c.id == self._life).values(seen_at=time.time())
        async with self._engine.begin() as connection:
            for statement, values in chain.from_iterable(entries):
                await connection.execute(statement, values)
            await connection.execute(seen)

    async def _commit_each(self, entries: Sequence[Entry]) -> None:
        """One of them is at fault: find it."""
        for entry in entries:
            try:
                await self._commit([entry])
            except DBAPIError as error:
                logger.error("what happened cannot be written: %s", type(error).__name__)
