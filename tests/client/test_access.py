"""The Python participant where a host has to let it in: it asks, waits, and goes whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from fastsfu.client import Call, CallError
from fastsfu.room.room import Room
from tests.client.test_call import joining
from tests.support.domain_peer import until
from tests.support.server import LiveServer


@pytest.fixture
async def where(server: LiveServer, room: str) -> Room:
    return server.sfu.rooms.create(room, enable_knocking=True)


@asynccontextmanager
async def entering(bot: Call) -> AsyncIterator[asyncio.Task[Call]]:
    """A task of its own, which has to end."""
    task = asyncio.create_task(bot.__aenter__())
    try:
        yield task
    finally:
        with suppress(CallError, asyncio.CancelledError):
            async with asyncio.timeout(30):
                await task
            await bot.leave()


async def asks(where: Room, name: str) -> str:
    """Wait until somebody of this name alone asks; the id."""
    await until(f"{name} to ask", lambda: [each.name for each in where.waiting] == [name])
    return where.waiting[0].id


async def test_it_asks_and_is_let_in(server: LiveServer, where: Room) -> None:
    bot = joining(server, where.name, "Bot")
    heard: list[str] = []
    bot.on("access-state-updated", lambda event: heard.append(event["access"]))
    bot.on("joined-meeting", lambda event: heard.append(event["action"]))
    async with entering(bot) as task:
        where.answer(await asks(where, "Bot"), True)
        await task
        assert heard == ["waiting", "full", "joined-meeting"]
        assert bot.participants()["local"]["user_name"] == "Bot"
        with pytest.raises(CallError, match="bad-request"):
            await bot.request_access()


@pytest.mark.parametrize("granted", [True, False])
async def test_it_asks_by_another_name(server: LiveServer, where: Room, granted: bool) -> None:
    bot = joining(server, where.name, "Bot")
    answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def ask(event: dict[str, Any]) -> None:
        if event["access"] == "waiting":
            answers.put_nowait(await bot.request_access("Scribe"))

    bot.on("access-state-updated", ask)
    async with entering(bot) as task:
        where.answer(await asks(where, "Scribe"), granted)
        if granted:
            await task
            assert await answers.get() == {"granted": True}
        else:
            with pytest.raises(CallError, match="not-allowed"):
                await task
    assert not where.waiting


async def test_a_connection_that_is_lost_meanwhile_comes_back(
    server: LiveServer, where: Room
) -> None:
    bot = joining(server, where.name, "Bot")
    async with entering(bot) as task:
        first = await asks(where, "Bot")
        assert bot._line._socket is not None
        bot._line._socket.transport.abort()
        await until("another one", lambda: bool(where.waiting) and where.waiting[0].id != first)
        where.answer(await asks(where, "Bot"), True)
        await task


async def test_who_waits_no_longer_leaves_nothing_behind(server: LiveServer, where: Room) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(3):
        async with entering(joining(server, where.name, "Bot")) as task:
            await asks(where, "Bot")
            task.cancel()
        await until("nobody to ask", lambda: not where.waiting)
    await until("no further task", lambda: len(asyncio.all_tasks()) <= before)
