"""Who is where, and who was: presence, participants, meetings."""

import asyncio

import pytest

from tests.http.api.test_rooms import Client
from tests.support.domain_peer import until
from tests.support.server import PUBLISH, LiveServer


@pytest.fixture
def rest(server: LiveServer) -> Client:
    return Client(server)


async def test_presence_has_who_is_seen(server: LiveServer, rest: Client, room: str) -> None:
    async with (
        server.caller(room, name="Ada", user_id="u1") as ada,
        server.caller(room, hidden=True),
    ):
        answer = await rest.done("GET", f"rooms/{room}/presence")
        assert answer["total_count"] == 1
        (present,) = answer["data"]
        assert present["id"] == ada.joined["session_id"]
        assert (present["userId"], present["userName"], present["room"]) == ("u1", "Ada", room)
        assert present["duration"] >= 0
        every = await rest.done("GET", "presence")
        assert [each["id"] for each in every[room]] == [present["id"]]
        assert room not in await rest.done("GET", "presence", params={"starting_after": room})


async def test_participants_are_all_who_are_in(server: LiveServer, rest: Client, room: str) -> None:
    async with server.caller(room, name="Ada") as ada, server.caller(room, hidden=True) as eve:
        await ada.offer(PUBLISH)
        await ada.send("update", audio=False, user_data={"hand": True})
        await ada.expect("participant-updated")
        listed = await rest.done("GET", f"rooms/{room}/participants")
        first, second = listed["data"]
        assert listed["total_count"] == 2
        assert (first["session_id"], first["hidden"]) == (ada.joined["session_id"], False)
        assert (second["session_id"], second["hidden"]) == (eve.joined["session_id"], True)
        assert first["user_data"] == {"hand": True}
        assert first["tracks"] == {
            "audio": False, "video": True, "screenVideo": False, "screenAudio": False,
        }  # fmt: skip
        one = await rest.done("GET", f"rooms/{room}/participants/{first['session_id']}")
        assert one == first


async def test_who_is_deleted_is_out(server: LiveServer, rest: Client, room: str) -> None:
    async with server.caller(room) as ada, server.caller(room) as bob:
        path = f"rooms/{room}/participants/{ada.joined['session_id']}"
        assert (await rest.done("DELETE", path))["session_id"] == ada.joined["session_id"]
        _, messages = await ada.closed()
        assert messages[-1]["type"] == "ejected"
        assert (await bob.expect("participant-left"))["reason"] == "ejected"
        for method in ("GET", "DELETE"):
            answer = await rest.ask(method, path)
            assert (answer.status_code, answer.json()["error"]) == (404, "no-participant")


async def test_who_knocks_is_listed_and_answered(
    server: LiveServer, rest: Client, room: str
) -> None:
    await rest.done("POST", "rooms", json={"name": room, "properties": {"enable_knocking": True}})
    path = f"rooms/{room}/waiting-participants"
    assert await rest.done("GET", path) == {"total_count": 0, "data": []}
    async with server.socket() as ada, server.socket() as eve:
        for socket, name in ((ada, "Ada"), (eve, "Eve")):
            token = server.token(room, name=name, user_id=name.lower())
            await socket.send("join", room=room, token=token, capabilities=["knocks"])
            await socket.expect("waiting")
            await socket.send("request-access")
        async with asyncio.timeout(10):
            while (found := await rest.done("GET", path))["total_count"] < 2:
                await asyncio.sleep(0.01)
        first, second = sorted(found["data"], key=lambda each: each["user_name"])
        assert (first["user_name"], first["user_id"]) == ("Ada", "ada")
        for who, granted in ((first, True), (second, False)):
            answer = await rest.ask("POST", f"{path}/{who['id']}", json={"granted": granted})
            assert answer.status_code == 204
        await ada.expect("joined")
        assert (await eve.closed())[1][-1]["error"] == "not-allowed"
        answer = await rest.ask("POST", f"{path}/{second['id']}", json={"granted": True})
        assert (answer.status_code, answer.json()["error"]) == (404, "no-participant")


async def test_meetings_say_who_was_there_and_how_long(
    server: LiveServer, rest: Client, room: str
) -> None:
    async with server.caller(room, name="Ada", user_id="u1") as ada:
        async with server.caller(room, name="Bob") as bob:
            await bob.send("leave")
            await ada.expect("participant-left")
        assert (await rest.done("GET", "meetings", params={"room": room}))["data"] == []
        await ada.send("leave")
        await ada.closed()
    await until("the room to be gone", lambda: room not in server.sfu.rooms)
    (meeting,) = (await rest.done("GET", "meetings", params={"room": room}))["data"]
    assert meeting["max_participants"] == 2
    names = [(each["user_name"], each["user_id"]) for each in meeting["participants"]]
    assert names == [("Ada", "u1"), ("Bob", None)]
    assert meeting["duration"] == pytest.approx(meeting["participants"][0]["duration"])
    assert all(each["reason"] == "left" for each in meeting["participants"])
    early = {"room": room, "timeframe_end": meeting["start_time"]}
    assert (await rest.done("GET", "meetings", params=early))["data"] == []
    later = await rest.done("GET", "meetings", params={"starting_after": meeting["id"]})
    assert meeting["id"] not in [each["id"] for each in later["data"]]
    assert (await rest.ask("GET", "meetings", params={"starting_after": "x"})).status_code == 400
