"""Who was ejected, in the database, so that nobody comes back by a restart."""

import time

from sqlalchemy import bindparam, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastsfu.room.bans import Ban
from fastsfu.store.journal import Row
from fastsfu.store.tables import BANS

OF_ROOM = delete(BANS).where(BANS.c.room == bindparam("of_room"))
ONE = OF_ROOM.where(BANS.c.whom == bindparam("of_whom"))


def rows_keeping(ban: Ban) -> list[Row]:
    return [
        *rows_forgetting(ban.room, ban.whom),
        (insert(BANS), {**ban._asdict(), "banned_at": time.time()}),
    ]


def rows_forgetting(room: str, whom: str | None) -> list[Row]:
    if whom is None:
        return [(OF_ROOM, {"of_room": room})]
    return [(ONE, {"of_room": room, "of_whom": whom})]


async def read_bans(connection: AsyncConnection) -> list[Ban]:
    """Those that hold, the oldest first."""
    holds = or_(BANS.c.until.is_(None), BANS.c.until > time.time())
    found = await connection.execute(select(BANS).where(holds).order_by(BANS.c.banned_at))
    return [Ban(row.room, row.whom, row.until) for row in found]


async def forget_ended(connection: AsyncConnection) -> None:
    await connection.execute(delete(BANS).where(BANS.c.until < time.time()))
