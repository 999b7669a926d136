"""The outbox in the database (the domain's Protocol `Outbox`).

Each letter belongs to the process that sends it (lives.py); those of a process that has ended are
taken over by whoever looks next.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fastsfu.room.outbox import Endpoint, Letter, Told
from fastsfu.store.database import reached
from fastsfu.store.journal import Journal, Row
from fastsfu.store.tables import ENDPOINTS, LETTERS, LIVES

ADOPT_SECONDS = 30.0
NEW = insert(LETTERS)
GONE = delete(LETTERS).where(LETTERS.c.number == bindparam("letter"))
CHANGED = update(LETTERS).where(LETTERS.c.number == bindparam("letter"))
ENDPOINT_COLUMNS = tuple(each.name for each in ENDPOINTS.c if each.name != "types")
LETTER_COLUMNS = (*("number", "message_id", "type", "body"), *("created_at", "attempts", "error"))


class StoredOutbox:
    """Of one Store, which opens it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._journal: Journal | None = None
        self._life = 0
        self._endpoints: dict[str, Endpoint] = {}
        self._on_news: Callable[[], None] = lambda: None
        self._adopted_at = 0.0
        self._rests = False

    async def open(self, connection: AsyncConnection, life: int) -> None:
        """Learn the endpoints; letters go out as those of `life` from now on."""
        self._life = life
        await self._read_endpoints(connection)
        removed = LETTERS.c.endpoint.not_in(select(ENDPOINTS.c.id))
        await connection.execute(delete(LETTERS).where(removed))
        await self._adopt(connection)

    async def take_over(self, connection: AsyncConnection, life: int | None) -> None:
        """The letters of that process too, and the endpoints as it has left them."""
        await self._read_endpoints(connection)
        of_it = update(LETTERS).where(LETTERS.c.life == life)
        await connection.execute(of_it.values(life=self._life))

    async def _read_endpoints(self, connection: AsyncConnection) -> None:
        rows = (await connection.execute(select(ENDPOINTS))).mappings()
        self._endpoints = {
            row["id"]: Endpoint(
                types=tuple(json.loads(row["types"])),
                **{name: row[name] for name in ENDPOINT_COLUMNS},
            )
            for row in rows
        }

    def rest(self) -> None:
        """Another process sends what there is: nothing is due here."""
        self._rests = True

    def go_on(self) -> None:
        """Send, also what has come meanwhile."""
        self._rests = False
        self._on_news()

    def follow(self, journal: Journal | None) -> None:
        """Write by this journal from now on."""
        self._journal = journal

    def rows_of(self, told: Iterable[Told]) -> Iterator[Row]:
        """A letter to each endpoint that wants it."""
        now = time.time()
        for each in told:
            for endpoint in self._endpoints.values():
                if endpoint.wants(each):
                    yield NEW, self._letter_values(each, endpoint, now)

    def tell(self) -> None:
        """There are new letters."""
        self._on_news()

    # What the domain's Protocol has.

    def endpoints(self) -> Sequence[Endpoint]:
        return list(self._endpoints.values())

    def listen(self, on_news: Callable[[], None]) -> None:
        self._on_news = on_news

    async def put_endpoint(self, endpoint: Endpoint) -> None:
        await reached(self._put(endpoint))
        self._endpoints[endpoint.id] = endpoint
        self._on_news()

    async def remove_endpoint(self, endpoint_id: str) -> None:
        await reached(self._remove(endpoint_id))
        self._endpoints.pop(endpoint_id, None)
        self._on_news()

    async def due(self, endpoint_id: str, now: float, limit: int) -> list[Letter]:
        return [] if self._rests else await reached(self._due(endpoint_id, now, limit))

    async def next_due(self, endpoint_id: str) -> float | None:
        return None if self._rests else await reached(self._next_due(endpoint_id))

    def delivered(self, letter: Letter) -> None:
        self._note((GONE, {"letter": letter.number}))

    def postponed(self, letter: Letter, due_at: float, error: str) -> None:
        values = {"due_at": due_at, "attempts": letter.attempts + 1, "error": error}
        self._note((CHANGED, {"letter": letter.number, **values}))

    def given_up(self, letter: Letter, error: str) -> None:
        values = {"dead_at": time.time(), "attempts": letter.attempts + 1, "error": error}
        self._note((CHANGED, {"letter": letter.number, **values}))

    async def settled(self) -> None:
        if self._journal is not None:
            await self._journal.settled()

    async def dead_letters(self, endpoint_id: str, after: int, limit: int) -> list[Letter]:
        return await reached(self._dead_letters(endpoint_id, after, limit))

    async def replay(self, endpoint_id: str, numbers: Sequence[int] | None) -> int:
        count = await reached(self._replay(endpoint_id, numbers))
        self._on_news()
        return count

    def _note(self, row: Row) -> None:
        if self._journal is not None:
            self._journal.note([row])

    def _letter_values(self, told: Told, endpoint: Endpoint, now: float) -> dict[str, object]:
        return {
            "life": self._life,
            "endpoint": endpoint.id,
            "message_id": told.id,
            "type": told.type,
            "lane": told.lane,
            "body": told.body,
            "created_at": now,
            "due_at": now,
            "attempts": 0,
        }

    async def _put(self, endpoint: Endpoint) -> None:
        values = {name: getattr(endpoint, name) for name in ENDPOINT_COLUMNS}
        values["types"] = json.dumps(endpoint.types)
        async with self._engine.begin() as connection:
            if endpoint.id in self._endpoints:
                of_it = ENDPOINTS.c.id == endpoint.id
                await connection.execute(update(ENDPOINTS).where(of_it).values(values))
            else:
                await connection.execute(insert(ENDPOINTS).values(values))

    async def _remove(self, endpoint_id: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(LETTERS).where(LETTERS.c.endpoint == endpoint_id))
            await connection.execute(delete(ENDPOINTS).where(ENDPOINTS.c.id == endpoint_id))

    async def _due(self, endpoint_id: str, now: float, limit: int) -> list[Letter]:
        query = (
            select(LETTERS)
            .where(self._is_first(endpoint_id), LETTERS.c.due_at <= now)
            .order_by(LETTERS.c.number)
            .limit(limit)
        )
        async with self._engine.begin() as connection:
            if now - self._adopted_at >= ADOPT_SECONDS:
                await self._adopt(connection)
            rows = (await connection.execute(query)).mappings()
            return [Letter(**{name: row[name] for name in LETTER_COLUMNS}) for row in rows]

    async def _next_due(self, endpoint_id: str) -> float | None:
        query = select(func.min(LETTERS.c.due_at)).where(self._is_first(endpoint_id))
        async with self._engine.connect() as connection:
            found: float | None = (await connection.execute(query)).scalar_one()
        return found

    async def _dead_letters(self, endpoint_id: str, after: int, limit: int) -> list[Letter]:
        query = (
            select(LETTERS)
            .where(
                LETTERS.c.endpoint == endpoint_id,
                LETTERS.c.dead_at.is_not(None),
                LETTERS.c.number > after,
            )
            .order_by(LETTERS.c.number)
            .limit(limit)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).mappings()
            return [Letter(**{name: row[name] for name in LETTER_COLUMNS}) for row in rows]

    async def _replay(self, endpoint_id: str, numbers: Sequence[int] | None) -> int:
        now = time.time()
        change = update(LETTERS).where(
            LETTERS.c.endpoint == endpoint_id, LETTERS.c.dead_at.is_not(None)
        )
        if numbers is not None:
            change = change.where(LETTERS.c.number.in_(numbers))
        fresh = {"dead_at": None, "created_at": now, "due_at": now, "attempts": 0}
        async with self._engine.begin() as connection:
            return (await connection.execute(change.values(fresh))).rowcount

    async def _adopt(self, connection: AsyncConnection) -> None:
        """The letters of processes that have ended."""
        orphaned = LETTERS.c.life.not_in(select(LIVES.c.id))
        await connection.execute(update(LETTERS).where(orphaned).values(life=self._life))
        self._adopted_at = time.time()

    def _is_first(self, endpoint_id: str) -> ColumnElement[bool]:
        """It is the next one of its lane: those behind it wait whatever their own time is."""
        first = (
            select(func.min(LETTERS.c.number))
            .where(
                LETTERS.c.endpoint == endpoint_id,
                LETTERS.c.life == self._life,
                LETTERS.c.dead_at.is_(None),
            )
            .group_by(LETTERS.c.lane)
        )
        return LETTERS.c.number.in_(first)
