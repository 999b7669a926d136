"""store/lives: who lives has a lock, also when the database was restarted."""

import logging

import pytest

from fastsfu.store.database import open_engine, read_url
from fastsfu.store.lives import AdvisoryLocks
from tests.store.sessions import end_others, give_lock, session, take_lock

pytestmark = pytest.mark.parametrize("url", ["postgresql"], indirect=True)

LIFE = 7


async def test_a_lock_that_another_session_has_is_taken_once_that_gives_it_up(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Most often that session is our own of before, which the database has not ended yet."""
    engine = open_engine(read_url(url))
    locks = AdvisoryLocks(engine)
    assert await locks.take(LIFE)
    async with session(url) as other:
        await end_others(other)
        assert await take_lock(other, LIFE)
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                await locks.hold()
        assert caplog.text.count("is held by another session") == 1
        await give_lock(other, LIFE)
        await locks.hold()
        assert not await take_lock(other, LIFE)
        await locks.close()
        assert await take_lock(other, LIFE)
    await engine.dispose()
