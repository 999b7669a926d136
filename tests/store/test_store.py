"""What outlives the process, in both databases."""

import asyncio
import logging
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect

from fastsfu.errors import ConfigError, RecordError
from fastsfu.room.answers import KEPT_SECONDS, KeptAnswer
from fastsfu.room.meetings import Meeting
from fastsfu.room.notices import Left, RoomUpdated
from fastsfu.room.options import RoomOptions
from fastsfu.room.outbox import Endpoint
from fastsfu.room.records import Found, RoomRecord, Wanted
from fastsfu.store import outbox
from fastsfu.store import store as store_module
from fastsfu.store.store import Store
from fastsfu.store.tables import METADATA
from fastsfu.webhooks.payloads import told_of
from tests.room.test_meetings import joined, left

# A process that has somebody in a room, says so, and waits to be killed.
KILLED = """
import asyncio, sys
from fastsfu.store.store import Store
from tests.room.test_meetings import joined, left

async def main():
    store = Store(sys.argv[1])
    await store.open()
    for who in ("ada", "bob"):
        store.noticed(joined("standup", who, 1000.0))
    store.noticed(left("standup", "bob", 1001.0))
    await store.settled()
    print("kept", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[tuple[Store, Found]]:
    store = Store(url, **options)
    found = await store.open()
    try:
        yield store, found
    finally:
        await store.close()


async def test_rooms_are_there_again(url: str) -> None:
    one = RoomRecord("one", RoomOptions(max_participants=3, ends_at=2e9), 1000.0)
    two = RoomRecord("two", RoomOptions(topology="sfu"), 1001.0)
    async with opened(url) as (store, found):
        assert list(found.rooms) == []
        for each in (one, two):
            await store.keep_room(each)
        changed = RoomRecord("one", RoomOptions(max_participants=5), 1000.0)
        await store.keep_room(changed)
    async with opened(url) as (store, found):
        assert sorted(found.rooms, key=lambda each: each.name) == [changed, two]
        await store.forget_room("one")
        await store.forget_room("nobody")
    async with opened(url) as (_, found):
        assert list(found.rooms) == [two]


async def test_meetings_are_there_again(url: str) -> None:
    async with opened(url) as (store, _):
        for at in range(5):
            store.noticed(joined("ab"[at % 2], f"s{at}", 1e9 + 10.0 * at))
            store.noticed(joined("ab"[at % 2], f"t{at}", 1e9 + 10.0 * at + 1))
            store.noticed(left("ab"[at % 2], f"s{at}", 1e9 + 10.0 * at + 2))
            store.noticed(left("ab"[at % 2], f"t{at}", 1e9 + 10.0 * at + 5))
        store.noticed(joined("a", "open", 1e9 + 100))
        await store.settled()
        assert len(await store.meetings(Wanted())) == 5, "the one that goes on is none of them"
    async with opened(url, keeps_meetings=1e12) as (store, _):
        await check_pages(store)
    async with opened(url, keeps_meetings=1.0) as (store, _):
        assert await store.meetings(Wanted()) == []


async def check_pages(store: Store) -> None:
    async def begins(**wanted: object) -> list[float]:
        found = await store.meetings(Wanted(**wanted))  # type: ignore[arg-type]
        return [each.started_at - 1e9 for each in found]

    assert await begins(until=1e9 + 100) == [40, 30, 20, 10, 0]
    assert await begins(room="a", limit=2, until=1e9 + 100) == [40, 20]
    last = (await store.meetings(Wanted(limit=2, until=1e9 + 100)))[-1]
    assert await begins(after=last.id, limit=2) == [20, 10]
    assert await begins(since=1e9 + 10, until=1e9 + 30) == [20, 10]
    with pytest.raises(KeyError):
        await begins(after="nobody")
    meeting = (await store.meetings(Wanted(until=1e9 + 5)))[0]
    assert (meeting.most, meeting.ended_at) == (2, 1e9 + 5)
    assert [(each.name, each.reason) for each in meeting.attendances.values()] == [("", "left")] * 2


async def test_the_ends_that_a_killed_process_left_are_made_up(url: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "kept\n"
        async with opened(url) as (store, found):
            assert list(found.unfinished) == [], "it still lives"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    async with opened(url) as (store, found):
        (notice,) = found.unfinished
        assert isinstance(notice, Left)
        assert (notice.room, notice.participant.session_id) == ("standup", "ada")
        assert (notice.reason, notice.at > 1001.0) == ("end-of-life", True)
        (meeting,) = await store.meetings(Wanted())
        assert_ended(meeting)
    async with opened(url) as (_, found):
        assert list(found.unfinished) == [], "once"


def assert_ended(meeting: Meeting) -> None:
    assert meeting.ended_at is not None
    reasons = {each.session_id: each.reason for each in meeting.attendances.values()}
    assert reasons == {"ada": "end-of-life", "bob": "left"}


async def test_a_row_that_the_database_will_not_have_costs_the_others_nothing(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(url) as (store, _):
        store.noticed(joined("a", "once", 1000.0))
        store.noticed(joined("a", "once", 1000.0))  # a session id comes twice in no call
        store.noticed(joined("a", "other", 1000.0))
        with caplog.at_level(logging.ERROR):
            await store.settled()
        assert "cannot be written" in caplog.text
        for who in ("once", "other", "once"):
            store.noticed(left("a", who, 1001.0))
        await store.settled()
        assert store.meetings is not None


async def test_the_bytes_of_each_who_was_there_are_kept(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/calls.db") as (store, _):
        for who in ("ada", "bob"):
            store.noticed(joined("a", who, 1000.0))
        large = 1 << 40
        store.noticed(replace(left("a", "ada", 1001.0), received_bytes=large, sent_bytes=7))
        store.noticed(left("a", "bob", 1002.0))
        await store.settled()
        (meeting,) = await store.meetings(Wanted())
        assert (meeting.received_bytes, meeting.sent_bytes) == (large, 7)
        assert meeting.attendances["bob"].sent_bytes is None


async def test_answers_are_kept_for_a_day_and_by_key(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/calls.db"
    first = KeptAnswer("a", "k", b"f", 201, {"x": "1"}, b"\x00{}")
    old = replace(first, key="old", at=first.at - KEPT_SECONDS - 1)
    async with opened(url) as (store, _):
        for each in (first, old, replace(first, owner="b", status=200)):
            await store.keep_answer(each)
    async with opened(url) as (store, _):
        assert await store.find_answer("a", "k") == first
        assert await store.find_answer("a", "old") is None
        await store.keep_answer(replace(first, body=b"again"))
        found = [await store.find_answer(owner, "k") for owner in "abc"]
        assert [each and each.body for each in found] == [b"again", first.body, None]


async def test_tables_are_as_the_migrations_make_them(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/calls.db"):
        pass
    made = inspect(create_engine(f"sqlite:///{tmp_path}/calls.db"))
    for table in METADATA.sorted_tables:
        columns = {each["name"]: each["nullable"] for each in made.get_columns(table.name)}
        assert columns == {each.name: each.nullable for each in table.columns}
        indexes = {each["name"] for each in made.get_indexes(table.name)}
        assert indexes == {each.name for each in table.indexes}
    assert set(made.get_table_names()) == {*METADATA.tables, "alembic_version"}


@pytest.mark.parametrize(
    "wrong", ["calls.db", "mysql://u:secret@h/calls", "sqlite://", "postgresql:secret", ""]
)
def test_what_is_no_database_is_refused_without_its_password(wrong: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Store(wrong)
    assert "database" in caught.value.info
    assert "secret" not in caught.value.info


async def test_a_database_that_cannot_be_reached_is_named_as_such(tmp_path: Path) -> None:
    for url in (
        f"sqlite:///{tmp_path}/nowhere/calls.db",
        "postgresql://u:secret@127.0.0.1:9/calls",
    ):
        store = Store(url)
        with pytest.raises(RecordError) as caught:
            await store.open()
        assert "secret" not in f"{caught.value!r} {store!r}"
        await store.close()


async def test_many_rows_are_written_in_few_transactions(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/calls.db") as (store, _):
        for number in range(2000):
            store.noticed(joined("a", f"s{number}", 1000.0))
        await asyncio.gather(*(store.settled() for _ in range(100)))
        for number in range(2000):
            store.noticed(left("a", f"s{number}", 1001.0))
        await store.settled()
        (meeting,) = await store.meetings(Wanted())
        assert (len(meeting.attendances), meeting.most) == (2000, 2000)


async def test_what_is_old_is_forgotten_while_the_process_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "FORGET_SECONDS", 0.01)
    url, now = f"sqlite:///{tmp_path}/calls.db", time.time()
    async with opened(url, keeps_meetings=3600.0, tells=told_of) as (store, _):
        endpoint = Endpoint("https://example.org/")
        await store.outbox.put_endpoint(endpoint)
        for room, at in (("old", now - 7200), ("new", now)):
            store.noticed(joined(room, f"in {room}", at))
            store.noticed(left(room, f"in {room}", at + 1))
        await store.settled()
        (letter, *_) = await store.outbox.due(endpoint.id, now + 60, 9)
        monkeypatch.setattr(outbox, "time", SimpleNamespace(time=lambda: now - 7200))
        store.outbox.given_up(letter, "tried for a day")
        await store.settled()
        async with asyncio.timeout(30):
            while [each.room for each in await store.meetings(Wanted())] != ["new"]:
                pass
            while await store.outbox.dead_letters(endpoint.id, 0, 9):
                pass


async def test_what_a_host_changes_of_a_room_that_stays_is_kept(url: str) -> None:
    """Also when the process is killed afterwards: a locked room is not open again."""
    async with opened(url) as (store, _):
        await store.keep_room(RoomRecord("stays", RoomOptions(max_participants=3), 1000.0))
        await store.keep_room(RoomRecord("went", RoomOptions(), 1000.0))
        await store.forget_room("went")
        for room in ("stays", "went", "never made"):
            options = RoomOptions(max_participants=3, locked=True)
            store.noticed(RoomUpdated(room=room, options=options))
        await store.settled()
    async with opened(url) as (store, found):
        assert [(each.name, each.options) for each in found.rooms] == [("stays", options)]
        store.noticed(RoomUpdated(room="stays", options=RoomOptions(locked=False)))
        await store.settled()
    async with opened(url) as (_, found):
        assert [each.options.locked for each in found.rooms] == [False]


async def test_another_process_goes_on(url: str) -> None:
    async with opened(url, tells=told_of) as (before, _):
        endpoint = Endpoint("https://example.org/")
        await before.outbox.put_endpoint(endpoint)
        before.noticed(joined("standup", "ada", 1e9))
        async with opened(url, tells=told_of) as (after, _):
            ongoing = await before.hand_over()
            before.noticed(left("standup", "ada", 1e9 + 1))
            assert await before.outbox.due(endpoint.id, 2e9, 9) == []
            await after.take_over(ongoing)
            after.noticed(joined("standup", "ben", 1e9 + 2))
            for who in ("ada", "ben"):
                after.noticed(left("standup", who, 1e9 + 3))
            await after.settled()
            (meeting,) = await after.meetings(Wanted())
            assert (meeting.id, meeting.most, meeting.ended_at) == (
                ongoing.meetings[0].id,
                2,
                1e9 + 3,
            )
            told = []
            while letters := await after.outbox.due(endpoint.id, 2e9, 9):
                told += [each.type for each in letters]
                for each in letters:
                    after.outbox.delivered(each)
                await after.settled()
            assert told[0] == "room.started"
            assert sorted(told).count("participant.joined") == 2
            assert told.count("room.ended") == 1


async def test_a_process_goes_on_that_was_not_relieved(url: str) -> None:
    async with opened(url) as (before, _):
        before.noticed(joined("standup", "ada", 1e9))
        async with opened(url) as (after, _):
            await after.take_over(await before.hand_over())
        await before.take_back()
        before.noticed(left("standup", "ada", 1e9 + 3))
        await before.settled()
        (meeting,) = await before.meetings(Wanted())
        assert meeting.ended_at == 1e9 + 3
