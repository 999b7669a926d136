"""Answers as rows (room/answers.py)."""

import json
import time

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastsfu.room.answers import KEPT_SECONDS, KeptAnswer
from fastsfu.store.tables import ANSWERS


async def write_answer(connection: AsyncConnection, answer: KeptAnswer) -> None:
    """And forget those that are too old."""
    oldest = time.time() - KEPT_SECONDS
    of_it = (ANSWERS.c.owner == answer.owner) & (ANSWERS.c.key == answer.key)
    await connection.execute(delete(ANSWERS).where((ANSWERS.c.at < oldest) | of_it))
    values = {name: getattr(answer, name) for name in ("owner", "key", "fingerprint", "status")}
    values |= {"headers": json.dumps(answer.headers), "body": answer.body, "at": answer.at}
    await connection.execute(insert(ANSWERS).values(values))


async def read_answer(connection: AsyncConnection, owner: str, key: str) -> KeptAnswer | None:
    """Unless it is too old."""
    query = select(ANSWERS).where(
        ANSWERS.c.owner == owner,
        ANSWERS.c.key == key,
        ANSWERS.c.at >= time.time() - KEPT_SECONDS,
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    return KeptAnswer(**{**row, "headers": json.loads(row["headers"])})
