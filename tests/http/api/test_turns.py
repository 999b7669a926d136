"""Requests that change one thing at the same time: each begins when the one before is whole."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fastsfu.assembly import stored
from fastsfu.config import Config
from fastsfu.http.api import webhooks
from fastsfu.http.api.turns import Turns
from fastsfu.room.records import RoomRecord
from tests.http.api.test_rooms import Client
from tests.http.conftest import API_KEY
from tests.support.server import LiveServer, live_server

URL = "https://example.com/told"


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[LiveServer]:
    options = {"api_key": API_KEY, "database": f"sqlite:///{path}/calls.db"}
    made = stored(Config(media_ips=["127.0.0.1"], **options))
    async with live_server(**options, sfu_options=made) as server:
        yield server


async def test_there_are_never_more_webhooks_than_the_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST", 2)
    async with serving(tmp_path) as server:
        rest = Client(server)
        asking = (rest.ask("POST", "webhooks", json={"url": URL}) for _ in range(8))
        statuses = [each.status_code for each in await asyncio.gather(*asking)]
        assert sorted(statuses) == [201] * 2 + [409] * 6
        assert (await rest.done("GET", "webhooks"))["total_count"] == 2


async def test_a_new_secret_is_not_lost_to_another_change(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        rest = Client(server)
        path = f"webhooks/{(await rest.done('POST', 'webhooks', json={'url': URL}))['id']}"
        changes = [rest.done("PATCH", path, json={"url": f"{URL}/{number}"}) for number in range(4)]
        rotated = rest.done("POST", f"{path}/rotate-secret", json={})
        types = rest.done("PATCH", path, json={"types": ["usage"]})
        secret = (await asyncio.gather(rotated, *changes, types))[0]["secret"]
        assert server.sfu.records.outbox is not None
        (endpoint,) = server.sfu.records.outbox.endpoints()
        assert (endpoint.secret, endpoint.types) == (secret, ("usage",))
        assert endpoint.url.startswith(f"{URL}/")


async def test_what_was_deleted_does_not_come_back_by_a_change(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        rest = Client(server)
        path = f"webhooks/{(await rest.done('POST', 'webhooks', json={'url': URL}))['id']}"
        changing = (rest.ask("PATCH", path, json={"types": []}) for _ in range(4))
        deleted, *_ = await asyncio.gather(rest.ask("DELETE", path), *changing)
        assert deleted.status_code == 200
        assert (await rest.ask("GET", path)).status_code == 404


async def test_a_room_that_is_deleted_while_it_is_made_stays_away(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        rest = Client(server)
        for number in range(5):
            making = rest.ask("POST", "rooms", json={"name": f"r{number}"})
            deleting = (rest.ask("DELETE", f"rooms/r{number}") for _ in range(3))
            await asyncio.gather(making, *deleting)
        there = {each.name for each in server.sfu.rooms}
    async with serving(tmp_path) as server:
        assert {each.name for each in server.sfu.rooms} == there


async def test_the_last_change_of_a_room_is_the_one_that_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the database takes longer with the one before."""
    async with serving(tmp_path) as server:
        rest = Client(server)
        await rest.done("POST", "rooms", json={"name": "r"})
        keep, slow = server.sfu.records.keep_room, asyncio.Event()

        async def keep_slowly(record: RoomRecord) -> None:
            if record.options.max_participants == 3:
                await slow.wait()
            await keep(record)

        monkeypatch.setattr(server.sfu.records, "keep_room", keep_slowly)
        changes = [
            asyncio.create_task(
                rest.done("PATCH", "rooms/r", json={"properties": {"max_participants": most}})
            )
            for most in (3, 4)
        ]
        await rest.done("GET", "rooms/r")
        slow.set()
        await asyncio.gather(*changes)
        most = (await rest.done("GET", "rooms/r"))["config"]["max_participants"]
    async with serving(tmp_path) as server:
        kept = server.sfu.rooms.get("r")
        assert kept is not None
        assert kept.max_participants == most


async def test_turns_of_different_things_wait_for_nothing() -> None:
    turns = Turns()
    async with turns.of("a"):
        async with turns.of("b"):
            assert turns.of("a").locked()
        waiting = asyncio.create_task(turns.of("a").acquire())
        await asyncio.sleep(0)
        assert not waiting.done()
    assert await waiting


async def test_nothing_is_kept_of_turns_that_are_over() -> None:
    turns = Turns()
    for number in range(100):
        async with turns.of(f"room {number}"):
            pass
    gc.collect()
    assert not turns._locks
