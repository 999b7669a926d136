"""Rooms over REST: made, listed, changed while their calls run, deleted."""

import json
import time
from typing import Any

import httpx
import pytest

from fastsfu.http.api.rooms import NAMES, RoomProperties
from fastsfu.room.options import RoomOptions
from tests.http.conftest import API_KEY
from tests.support.server import LiveServer, live_server

KEY = {"Authorization": f"Bearer {API_KEY}"}


class Client:
    """Asks with the key; `path` is below /v1."""

    def __init__(self, server: LiveServer) -> None:
        self._http = server.http

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self._http.request(method, f"v1/{path}", headers=KEY, **options)

    async def done(self, method: str, path: str, **options: Any) -> Any:
        answer = await self.ask(method, path, **options)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
def rest(server: LiveServer) -> Client:
    return Client(server)


async def test_a_room_is_made_seen_changed_and_deleted(
    server: LiveServer, rest: Client, room: str
) -> None:
    exp = time.time() + 3600
    given = {"name": room, "properties": {"max_participants": 3, "exp": exp, "topology": "sfu"}}
    answer = await rest.ask("POST", "rooms", json=given)
    made = answer.json()
    assert answer.status_code == 201
    assert made["config"]["max_participants"] == 3
    assert (made["config"]["exp"], made["config"]["nbf"]) == (exp, None)
    assert made["url"] == f"{server.url}r/{room}"
    assert made["api_created"] is True
    assert await rest.done("GET", f"rooms/{room}") == made
    changed = {"properties": {"max_participants": 5, "exp": None}}
    for method in ("POST", "PATCH"):
        after = await rest.done(method, f"rooms/{room}", json=changed)
        assert (after["config"]["max_participants"], after["config"]["exp"]) == (5, None)
        assert after["config"]["topology"] == "sfu"
        assert after["created_at"] == made["created_at"]
    assert await rest.done("DELETE", f"rooms/{room}") == {"deleted": True, "name": room}
    gone = await rest.ask("GET", f"rooms/{room}")
    assert (gone.status_code, gone.json()["error"]) == (404, "no-room")


async def test_a_room_without_a_name_gets_one(rest: Client) -> None:
    first, second = [await rest.done("POST", "rooms", json={}) for _ in range(2)]
    assert first["name"] != second["name"]
    for each in (first, second):
        await rest.done("DELETE", f"rooms/{each['name']}")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "a b"}, "name"),
        ({"properties": {"max_participants": 0}}, "properties.max_participants"),
        ({"properties": {"exp": "soon"}}, "properties.exp"),
        ({"properties": {"ends_at": 1.0}}, "properties.ends_at"),
        ({"properties": {"topology": "p2p", "p2p_policy": "off"}}, "p2p"),
        ({"colour": "red"}, "colour"),
        ([], "dictionary"),
    ],
)
async def test_what_is_wrong_makes_no_room(
    server: LiveServer, rest: Client, given: Any, said: str
) -> None:
    before = len(server.sfu.rooms)
    answer = await rest.ask("POST", "rooms", json=given)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad-request")
    assert said in answer.json()["info"]
    assert len(server.sfu.rooms) == before


async def test_what_is_wrong_changes_no_room(rest: Client, room: str) -> None:
    made = await rest.done("POST", "rooms", json={"name": room})
    for wrong in (
        {"max_participants": 0},
        {"exp": "soon"},
        {"topology": "p2p", "p2p_policy": "off"},
    ):
        answer = await rest.ask("PATCH", f"rooms/{room}", json={"properties": wrong})
        assert answer.status_code == 400
    assert (await rest.ask("POST", "rooms", json={"name": room})).status_code == 409
    assert await rest.done("GET", f"rooms/{room}") == made
    for method in ("GET", "POST", "PATCH", "DELETE"):
        body = {} if method in ("GET", "DELETE") else {"json": {"properties": {}}}
        assert (await rest.ask(method, "rooms/nobody", **body)).status_code == 404


async def test_rooms_come_in_pages_by_name() -> None:
    async with live_server(api_key=API_KEY) as server:
        rest = Client(server)
        names = [f"room-{number:03}" for number in range(25)]
        for name in reversed(names):
            server.sfu.rooms.create(name)
        found: list[str] = []
        while True:
            after = {"starting_after": found[-1]} if found else {}
            page = await rest.done("GET", "rooms", params={"limit": 10, **after})
            assert page["total_count"] == 25
            if not page["data"]:
                break
            found += [each["name"] for each in page["data"]]
        assert found == names
        for wrong in (0, 101, "many"):
            assert (await rest.ask("GET", f"rooms?limit={wrong}")).status_code == 400


async def test_who_is_in_is_told_of_another_end(
    server: LiveServer, rest: Client, room: str
) -> None:
    async with server.caller(room) as ada:
        answer = await rest.done("GET", f"rooms/{room}")
        assert answer["api_created"] is False, "it goes with the last"
        exp = time.time() + 600
        update = {"properties": {"exp": exp, "max_participants": 2}}
        await rest.done("PATCH", f"rooms/{room}", json=update)
        told = (await ada.expect("room-updated"))["room"]
        assert (told["ends_at"], told["max_participants"]) == (exp, 2)
        await rest.done("PATCH", f"rooms/{room}", json={"properties": {"audio_forward": 3}})
        await rest.done("PATCH", f"rooms/{room}", json={"properties": {"exp": time.time()}})
        _, messages = await ada.closed()
        assert messages[-1]["error"] == "exp-room"
        assert [each["type"] for each in messages].count("room-updated") == 1


def test_each_option_of_a_room_is_a_property() -> None:
    options = RoomOptions().model_dump()
    properties = RoomProperties.model_json_schema()["properties"]
    assert properties.keys() == {NAMES.get(name, name) for name in options}
    assert json.loads(RoomProperties(exp=5.0).model_dump_json(by_alias=True))["exp"] == 5.0
