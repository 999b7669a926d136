"""How sessions are doing, over REST: as one answer, and as events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from fastsfu.http.api import sessions
from tests.http.api.test_rooms import KEY, Client
from tests.support.server import PUBLISH, LiveServer

EVENTS = KEY | {"Accept": "text/event-stream"}


@pytest.fixture
def rest(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(sessions, "LOOK_SECONDS", 0.01)
    return Client(server)


async def events_in(answer: httpx.Response) -> AsyncIterator[dict[str, object]]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    async for line in answer.aiter_lines():
        if line:
            assert line.startswith("data: ")
            yield json.loads(line.removeprefix("data: "))


async def test_a_session_says_how_its_media_is_doing_and_why(
    server: LiveServer, rest: Client, room: str
) -> None:
    async with server.caller(room, name="Ada") as ada, server.caller(room, name="Ben") as ben:
        await ada.offer(PUBLISH)
        ids = [each.joined["session_id"] for each in (ada, ben)]
        answer = await rest.done("GET", f"sessions/{ids[0]}")
        assert (answer["session_id"], answer["room"]) == (ids[0], room)
        assert answer["path"]["stage"] == "no-ice"
        assert {each["source"] for each in answer["sends"]} == {"audio", "video"}
        [why] = answer["why"]
        assert why.startswith("No ICE check has come from the client, on UDP or TCP")
        received = (await rest.done("GET", f"rooms/{room}/participants/{ids[1]}/why"))["receives"]
        assert {each["session_id"] for each in received} == {ids[0]}
        assert {(each["limit"], each["state"]) for each in received} == {("no-path", "absent")}


async def test_of_a_session_that_is_not_there_nothing_is_said(rest: Client, room: str) -> None:
    answer = await rest.ask("GET", "sessions/nobody")
    assert (answer.status_code, answer.json()["error"]) == (404, "no-session")
    answer = await rest.ask("GET", f"rooms/{room}/participants/nobody/why")
    assert answer.status_code == 404


async def test_events_come_until_the_session_ends(
    server: LiveServer, rest: Client, room: str
) -> None:
    async with server.caller(room) as ada:
        path = f"v1/sessions/{ada.joined['session_id']}"
        async with server.http.stream("GET", path, headers=EVENTS) as answer:
            events = events_in(answer)
            first, second = await anext(events), await anext(events)
            assert first["session_id"] == second["session_id"] == ada.joined["session_id"]
            assert first["at"] < second["at"]
            await ada.send("leave")
            async with asyncio.timeout(10):
                assert {each["session_id"] async for each in events} <= {first["session_id"]}


async def test_not_everybody_can_watch_at_once(
    server: LiveServer, rest: Client, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_STREAMS", 1)
    async with server.caller(room) as ada:
        path = f"sessions/{ada.joined['session_id']}"
        async with server.http.stream("GET", f"v1/{path}", headers=EVENTS) as answer:
            events = events_in(answer)  # held: its end would close the stream
            await anext(events)
            refused = await server.http.get(f"v1/{path}", headers=EVENTS)
            assert (refused.status_code, refused.json()["error"]) == (503, "no-capacity")
            assert (await rest.ask("GET", path)).status_code == 200


async def test_nor_when_all_come_at_the_same_time(
    server: LiveServer, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_STREAMS", 2)
    async with server.caller(room) as ada, AsyncExitStack() as stack:
        path = f"v1/sessions/{ada.joined['session_id']}"
        opening = (server.http.stream("GET", path, headers=EVENTS) for _ in range(8))
        answers = await asyncio.gather(*map(stack.enter_async_context, opening))
        assert sorted(each.status_code for each in answers) == [200] * 2 + [503] * 6


async def test_a_place_is_free_again_when_who_watched_has_gone(
    server: LiveServer, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_STREAMS", 1)
    async with server.caller(room) as ada:
        path = f"v1/sessions/{ada.joined['session_id']}"
        for _ in range(3):
            async with asyncio.timeout(10):
                while not await watched(server, path):  # the server has to notice that one left
                    pass


async def watched(server: LiveServer, path: str) -> bool:
    async with server.http.stream("GET", path, headers=EVENTS) as answer:
        return answer.status_code == 200


async def test_it_takes_a_key(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada:
        path = f"v1/sessions/{ada.joined['session_id']}"
        assert (await server.http.get(path)).status_code == 401
