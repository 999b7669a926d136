"""Eject, mute and rights over REST."""

from typing import Any

import pytest

from tests.http.api.test_rooms import Client
from tests.support.server import PUBLISH, LiveServer


@pytest.fixture
def rest(server: LiveServer) -> Client:
    return Client(server)


async def test_who_is_ejected_does_not_come_back(
    server: LiveServer, rest: Client, room: str
) -> None:
    token = server.token(room, user_id="eve")
    async with server.socket() as first, server.socket() as second, server.caller(room) as ada:
        for each in (first, second):
            await each.join(room, token)
        wanted = {
            "ids": [first.joined["session_id"], "nobody"],
            "user_ids": ["eve", "no"],
            "ban": 60,
        }
        answer = await rest.done("POST", f"rooms/{room}/eject", json=wanted)
        ids = [each.joined["session_id"] for each in (first, second)]
        assert answer == {"ejectedIds": sorted(ids)}
        for each in (first, second):
            assert (await each.closed())[1][-1]["type"] == "ejected"
        assert await rest.done("POST", f"rooms/{room}/eject", json=wanted) == {"ejectedIds": []}
        assert len((await rest.done("GET", f"rooms/{room}/participants"))["data"]) == 1
        for again in (token, server.token(room, user_id="eve")):
            async with server.socket() as other:
                await other.send("join", room=room, token=again)
                assert (await other.closed())[1][-1]["error"] == "not-allowed"
        await ada.send("leave")


async def test_mute_and_rights(server: LiveServer, rest: Client, room: str) -> None:
    async with server.caller(room, name="Ada") as ada:
        await ada.offer(PUBLISH)
        session_id = ada.joined["session_id"]
        mute = {"session_id": session_id, "sources": ["audio"]}
        assert (await rest.ask("POST", f"rooms/{room}/mute", json=mute)).status_code == 204
        path = f"rooms/{room}/participants/{session_id}"
        now = await rest.done("GET", path)
        assert (now["muted"], now["tracks"]["audio"], now["tracks"]["video"]) == (
            ["audio"], False, True,
        )  # fmt: skip
        change = {"publish": ["audio"], "owner": True}
        body = {"session_id": session_id, "permissions": change}
        now = await rest.done("POST", f"rooms/{room}/permissions", json=body)
        assert now["permissions"] == {
            "publish": ["audio"], "subscribe": True, "messages": True, "owner": True,
        }  # fmt: skip
        assert now["tracks"]["video"] is False
        now = await rest.done("PATCH", path, json={"permissions": {"messages": False}})
        assert now["permissions"]["messages"] is False
        assert now["permissions"]["publish"] == ["audio"], "what is not said stays"
        both = {"user_name": "Ada L.", "permissions": {"messages": True}}
        now = await rest.done("PATCH", path, json=both)
        assert (now["user_name"], now["permissions"]["messages"]) == ("Ada L.", True)
        for wrong in ({"user_name": "\u202e"}, {"user_name": 7}, {"user_name": "x" * 201}):
            answer = await rest.ask("PATCH", path, json=wrong)
            assert (answer.status_code, answer.json()["error"]) == (400, "bad-request")
        assert await rest.done("GET", path) == now


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("mute", {"session_id": "nobody"}, 404),
        ("mute", {"session_id": "HERE", "sources": []}, 400),
        ("mute", {"session_id": "HERE", "sources": ["smell"]}, 400),
        ("permissions", {"session_id": "nobody", "permissions": {}}, 404),
        ("permissions", {"session_id": "HERE", "permissions": {"fly": True}}, 400),
        ("permissions", {"session_id": "HERE", "permissions": {"publish": ["smell"]}}, 400),
        ("eject", {"ids": "all"}, 400),
        ("eject", {"ban": -1}, 400),
        ("lock", {}, 404),
    ],
)
async def test_what_is_wrong_changes_nobody(
    server: LiveServer, rest: Client, room: str, verb: str, body: dict[str, Any], status: int
) -> None:
    async with server.caller(room) as ada:
        here = ada.joined["session_id"]
        before = await rest.done("GET", f"rooms/{room}/participants")
        body = {name: here if value == "HERE" else value for name, value in body.items()}
        answer = await rest.ask("POST", f"rooms/{room}/{verb}", json=body)
        assert answer.status_code == status
        assert {"error", "info"} == answer.json().keys()
        assert await rest.done("GET", f"rooms/{room}/participants") == before


async def test_a_room_is_locked_by_its_property(
    server: LiveServer, rest: Client, room: str
) -> None:
    async with server.caller(room):
        await rest.done("PATCH", f"rooms/{room}", json={"properties": {"locked": True}})
        async with server.socket() as other:
            await other.send("join", room=room, token=server.token(room))
            assert (await other.closed())[1][-1]["type"] == "error"


async def test_session_data_is_everybodys(server: LiveServer, rest: Client, room: str) -> None:
    path = f"rooms/{room}/session-data"
    async with server.caller(room) as ada:
        assert await rest.done("GET", path) == {"data": None}
        first, second = {"topic": "rain", "page": 1}, {"page": 2}
        assert await rest.done("POST", path, json={"data": first}) == {"data": first}
        assert (await ada.expect("session-data"))["data"] == first
        merged = {"data": second, "mergeStrategy": "shallow-merge"}
        both = {"data": {"topic": "rain", "page": 2}}
        assert await rest.done("POST", path, json=merged) == both
        for wrong, status in (({"data": "x" * 17_000}, 413), ({}, 400)):
            assert (await rest.ask("POST", path, json=wrong)).status_code == status
        assert await rest.done("GET", path) == both
