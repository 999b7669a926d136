"""The records of a server in a database (the domain's Protocol `Records`)."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fastsfu.errors import RecordError
from fastsfu.room.answers import KeptAnswer
from fastsfu.room.bans import Ban
from fastsfu.room.meetings import Change, Meeting, Meetings
from fastsfu.room.notices import Notice, RoomUpdated
from fastsfu.room.options import RoomOptions
from fastsfu.room.outbox import Tells
from fastsfu.room.records import Found, Ongoing, RoomRecord, Wanted
from fastsfu.store.answers import read_answer, write_answer
from fastsfu.store.bans import forget_ended, read_bans, rows_forgetting, rows_keeping
from fastsfu.store.database import migrate, open_engine, reached, read_url
from fastsfu.store.journal import Journal, Row
from fastsfu.store.lives import AdvisoryLocks, FileLocks, Locks, begin_life, dead_lives, end_life
from fastsfu.store.meetings import ends_of, read_ended, read_unfinished, rows_of
from fastsfu.store.outbox import StoredOutbox
from fastsfu.store.tables import LETTERS, MEETINGS, ROOMS

FORGET_SECONDS = 86_400.0  # between two times that what is old is forgotten
CHANGED_ROOM = update(ROOMS).where(ROOMS.c.name == bindparam("room"))


class Store:
    """Opened and closed by the SFU that it is given to. Processes may share a database.

    Attribute: `outbox`, what other servers are to hear of.
    """

    def __init__(
        self, url: str, *, keeps_meetings: float = 90 * 86_400.0, tells: Tells | None = None
    ) -> None:
        """`keeps_meetings` is for how many seconds, dead letters too; `tells` says what other
        servers are told of a notice. Raises ConfigError for what is no URL of a database that it
        knows.
        """
        self._url = read_url(url)
        self._engine = open_engine(self._url)
        self._keeps_meetings = keeps_meetings
        self.outbox = StoredOutbox(self._engine)
        self._tells = tells
        self._meetings = Meetings()
        self._locks: Locks = AdvisoryLocks(self._engine)
        if self._url.get_backend_name() == "sqlite":
            self._locks = FileLocks(Path(self._url.database or ""))
        self._journal: Journal | None = None
        self._forgetting: asyncio.Task[None] | None = None
        self._rooms: set[str] = set()  # the names of those that are kept
        self._life = 0
        self._handed_over = False

    def __repr__(self) -> str:
        return f"Store({self._url.render_as_string(hide_password=True)!r})"

    async def open(self) -> Found:
        """Make the tables current, find what earlier processes have left; raises RecordError."""
        return await reached(self._open())

    async def close(self) -> None:
        """Write what is left."""
        if self._forgetting is not None:
            self._forgetting.cancel()
            await asyncio.wait([self._forgetting])
        if self._journal is not None:
            await self._journal.close()
            self._journal = None
            self.outbox.follow(None)
            with suppress(RecordError):  # then the next process finds that this one is dead
                await reached(self._end_life())
        await self._locks.close()
        await self._engine.dispose()

    async def hand_over(self) -> Ongoing:
        self._handed_over = True
        self.outbox.rest()
        await self.settled()
        return Ongoing(self._meetings.all(), self._life)

    async def take_back(self) -> None:
        self._handed_over = False
        with suppress(RecordError):  # then they are still ours, unless it took them
            await reached(self._own(Ongoing(self._meetings.all(), self._life)))
        self.outbox.go_on()

    async def take_over(self, ongoing: Ongoing) -> None:
        await reached(self._own(ongoing))
        self._meetings.adopt(ongoing.meetings)
        self.outbox.go_on()

    async def keep_room(self, record: RoomRecord) -> None:
        await reached(self._keep_room(record))
        self._rooms.add(record.name)

    async def forget_room(self, name: str) -> None:
        await reached(self._forget_room(name))
        self._rooms.discard(name)

    def keep_ban(self, ban: Ban) -> None:
        self._note(rows_keeping(ban))

    def forget_bans(self, room: str, whom: str | None = None) -> None:
        self._note(rows_forgetting(room, whom))

    def noticed(self, notice: Notice, /) -> None:
        if self._journal is None or self._handed_over:
            return
        if isinstance(notice, RoomUpdated) and notice.room in self._rooms:
            values = {"room": notice.room, "options": _json_of(notice.options)}
            self._journal.note([(CHANGED_ROOM, values)])
        change = self._meetings.follow(notice)
        meeting = self._meetings.of(notice.room) if change is None else change.meeting
        letters = list(self._letters(notice, meeting, change))
        rows = [] if meeting is None else list(rows_of(meeting, change, self._life))
        if change is not None or letters:
            self._journal.note([*rows, *letters])
        if letters:
            self.outbox.tell()

    async def settled(self) -> None:
        if self._journal is not None:
            await self._journal.settled()

    async def meetings(self, wanted: Wanted) -> list[Meeting]:
        return await reached(self._read_meetings(wanted))

    async def keep_answer(self, answer: KeptAnswer) -> None:
        await reached(self._keep_answer(answer))

    async def find_answer(self, owner: str, key: str) -> KeptAnswer | None:
        return await reached(self._find_answer(owner, key))

    def _note(self, rows: list[Row]) -> None:
        if self._journal is not None:
            self._journal.note(rows)

    async def _open(self) -> Found:
        await migrate(self._engine)
        self._meetings = Meetings()
        self._life = await begin_life(self._engine, self._locks)
        dead = await dead_lives(self._engine, self._locks, self._life)
        async with self._engine.begin() as connection:
            for life in dead:
                await end_life(connection, life)
            await self.outbox.open(connection, self._life)
            unfinished = [
                notice
                for life, seen_at in dead.items()
                for notice in await self._finish(connection, life, seen_at)
            ]
            await self._forget_old(connection)
            rows = (await connection.execute(select(ROOMS))).all()
            bans = await read_bans(connection)
        self._rooms = {row.name for row in rows}
        self._journal = Journal(self._engine, self._life, self._locks)
        self.outbox.follow(self._journal)
        self._forgetting = asyncio.create_task(self._forget_daily())
        records = [
            RoomRecord(row.name, RoomOptions.model_validate_json(row.options), row.created_at)
            for row in rows
        ]
        return Found(records, unfinished, bans)

    def _letters(
        self, notice: Notice, meeting: Meeting | None, change: Change | None
    ) -> Iterator[Row]:
        """To whoever is to hear of it; before the meeting's own rows, since it counts them."""
        if self._tells is not None and self.outbox.endpoints():
            yield from self.outbox.rows_of(self._tells(notice, meeting, change))

    async def _finish(self, connection: AsyncConnection, life: int, seen_at: float) -> list[Notice]:
        """End what a dead process left; the ends, as if they had been told of."""
        notices: list[Notice] = []
        for meeting in await read_unfinished(connection, life):
            for notice, change in ends_of(meeting, seen_at):
                notices.append(notice)
                letters = list(self._letters(notice, meeting, change))
                for row in (*rows_of(meeting, change, life), *letters):
                    await connection.execute(*row)
        return notices

    async def _own(self, ongoing: Ongoing) -> None:
        """What was another process's is this one's."""
        async with self._engine.begin() as connection:
            for meeting in ongoing.meetings:
                of_it = MEETINGS.c.id == meeting.id
                await connection.execute(update(MEETINGS).where(of_it).values(life=self._life))
            await self.outbox.take_over(connection, ongoing.life)
            self._rooms = set((await connection.execute(select(ROOMS.c.name))).scalars())

    async def _end_life(self) -> None:
        async with self._engine.begin() as connection:
            await end_life(connection, self._life)

    async def _forget_old(self, connection: AsyncConnection) -> None:
        oldest = time.time() - self._keeps_meetings
        await connection.execute(delete(MEETINGS).where(MEETINGS.c.ended_at < oldest))
        await connection.execute(delete(LETTERS).where(LETTERS.c.dead_at < oldest))
        await forget_ended(connection)

    async def _forget_daily(self) -> None:
        while True:
            await asyncio.sleep(FORGET_SECONDS)
            with suppress(RecordError):  # the next time, then
                await reached(self._forget())

    async def _forget(self) -> None:
        async with self._engine.begin() as connection:
            await self._forget_old(connection)

    async def _keep_room(self, record: RoomRecord) -> None:
        values = {
            "name": record.name,
            "options": _json_of(record.options),
            "created_at": record.created_at,
        }
        async with self._engine.begin() as connection:
            await connection.execute(delete(ROOMS).where(ROOMS.c.name == record.name))
            await connection.execute(insert(ROOMS).values(values))

    async def _forget_room(self, name: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(ROOMS).where(ROOMS.c.name == name))

    async def _keep_answer(self, answer: KeptAnswer) -> None:
        async with self._engine.begin() as connection:
            await write_answer(connection, answer)

    async def _find_answer(self, owner: str, key: str) -> KeptAnswer | None:
        async with self._engine.connect() as connection:
            return await read_answer(connection, owner, key)

    async def _read_meetings(self, wanted: Wanted) -> list[Meeting]:
        async with self._engine.connect() as connection:
            return await read_ended(connection, wanted)


def _json_of(options: RoomOptions) -> str:
    return options.model_dump_json(exclude_unset=True)
