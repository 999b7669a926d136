"""store/journal: what has happened is written whatever the database does meanwhile."""

import asyncio
import logging
import sqlite3
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fastsfu.room.records import Wanted
from fastsfu.store import database, journal
from tests.room.test_meetings import joined, left
from tests.store.sessions import end_others, give_lock, session, take_lock
from tests.store.test_store import opened
from tests.support.domain_peer import until


@pytest.mark.parametrize("wrong", ["\ud800", 1e400, object()], ids=["text", "number", "neither"])
async def test_what_the_driver_will_not_have_costs_the_others_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, wrong: Any
) -> None:
    """Its errors are none of the database's, and end nothing."""
    async with opened(f"sqlite:///{tmp_path}/calls.db") as (store, _):
        store.noticed(joined("a", "before", 1000.0))
        store.noticed(replace(joined("a", "wrong", 1000.0), user_id=wrong))
        store.noticed(joined("a", "after", 1000.0))
        with caplog.at_level(logging.ERROR):
            await store.settled()
        assert "has not answered" not in caplog.text
        for who in ("before", "wrong", "after"):
            store.noticed(left("a", who, 1001.0))
        await store.settled()
        (meeting,) = await store.meetings(Wanted())
        assert meeting.attendances.keys() >= {"before", "after"}


async def test_what_happens_while_connections_are_refused_is_written_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Drivers have errors of their own for that."""
    monkeypatch.setattr(journal, "RETRY", 0.01)
    async with opened(f"sqlite:///{tmp_path}/calls.db") as (store, _):
        connect, refusals = store._engine.connect, iter(range(3))

        def refuse() -> Any:
            if next(refusals, None) is not None:
                raise LookupError("the database system is starting up")
            return connect()

        assert store._journal is not None
        monkeypatch.setattr(store._journal, "_engine", SimpleNamespace(connect=refuse))
        store.noticed(joined("a", "ada", 1000.0))
        store.noticed(left("a", "ada", 1001.0))
        with caplog.at_level(logging.ERROR):
            await store.settled()
        assert "cannot be reached: LookupError" in caplog.text
        (meeting,) = await store.meetings(Wanted())
        assert meeting.attendances.keys() == {"ada"}


async def test_too_much_for_a_database_that_is_away_is_lost_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And nobody waits for it: who joins later waits for its own entry alone."""
    monkeypatch.setattr(journal, "MOST", 4)
    monkeypatch.setattr(journal, "AT_ONCE", 3)
    monkeypatch.setattr(journal, "RETRY", 0.01)
    monkeypatch.setattr(database, "BUSY_MS", 1)
    async with opened(f"sqlite:///{tmp_path}/calls.db") as (store, _):
        with caplog.at_level(logging.ERROR), sqlite3.connect(tmp_path / "calls.db") as other:
            other.execute("BEGIN EXCLUSIVE")
            for number in range(20):
                store.noticed(joined("a", f"s{number}", 1000.0 + number))
                if number in (0, 10, 19):  # during, before and after an attempt
                    caplog.clear()
                    await until("a failure", lambda: "cannot be reached" in caplog.text)
            other.rollback()
            await store.settled()
        assert "16 entries are lost" in caplog.text
        assert "has not answered" not in caplog.text


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_who_lives_is_known_again_when_the_database_was_restarted(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The locks went with the connections; the next process would take its meetings for ended."""
    monkeypatch.setattr(journal, "RETRY", 0.01)
    async with opened(url) as (store, _):
        store.noticed(joined("a", "ada", 1000.0))
        await store.settled()
        async with session(url) as other:
            await end_others(other)
        store.noticed(joined("a", "bob", 1001.0))
        await store.settled()
        async with opened(url) as (_, found):
            assert list(found.unfinished) == []


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_and_also_when_nothing_happens_after_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "HOLD", 0.01)
    async with opened(url) as (store, _), session(url) as other:
        await end_others(other)
        async with asyncio.timeout(15):
            while await take_lock(other, store._life):
                await give_lock(other, store._life)
                await asyncio.sleep(0.05)
