"""Who was ejected stays out of a server that was started again."""

import time

import pytest

from fastsfu.room.bans import Ban
from tests.store.test_store import opened
from tests.support.server import LiveServer, live_server

FAR = 4e9  # seconds since 1970


async def refused(server: LiveServer, token: str, **members: object) -> bool:
    async with server.socket() as socket:
        await socket.send("join", room="r", token=token, **members)
        answer = await socket.receive()
        assert answer["type"] == "joined" or answer["error"] == "not-allowed", answer
        return bool(answer["type"] == "error")


@pytest.mark.parametrize("stays", [False, True], ids=["made by who joins", "stays"])
async def test_who_was_ejected_comes_back_by_no_restart(url: str, stays: bool) -> None:
    options = {"database": url}
    async with live_server(**options) as server:
        if stays:
            server.sfu.rooms.create("r")
        tokens = [server.token("r", user_id=user) for user in ("eve", "mallory", "ada")]
        for token, ban in zip(tokens, (False, True, 0.001), strict=True):
            async with server.socket() as socket:
                joined = await socket.join("r", token)
                room = server.sfu.rooms.get("r")
                assert room is not None
                room.eject(joined["session_id"], ban=ban)
                await socket.closed()
        again = server.token("r", user_id="mallory")
    previous = {key: joined[key] for key in ("session_id", "resume_key")}
    async with live_server(**options) as server:
        assert [await refused(server, each) for each in tokens] == [True, True, True]
        assert await refused(server, again)
        fresh = [server.token("r", user_id=user) for user in ("eve", "mallory", "ada")]
        assert [await refused(server, each) for each in fresh] == [False, True, False]
        assert await refused(server, server.token("r"), replaces=previous)


async def test_a_deleted_room_has_none_any_more(url: str) -> None:
    async with opened(url) as (store, found):
        assert list(found.bans) == []
        for each in (("r", "sub a", None), ("r", "sub b", FAR), ("q", "sub a", None)):
            store.keep_ban(Ban(*each))
        store.keep_ban(Ban("r", "sub a", FAR))
        store.forget_bans("r", "sub b")
    async with opened(url) as (store, found):
        assert list(found.bans) == [Ban("q", "sub a", None), Ban("r", "sub a", FAR)]
        store.forget_bans("r")
    async with opened(url) as (_, found):
        assert list(found.bans) == [Ban("q", "sub a", None)]


async def test_those_that_have_ended_are_forgotten(url: str) -> None:
    async with opened(url) as (store, _):
        store.keep_ban(Ban("r", "sub a", time.time() - 1))
        store.keep_ban(Ban("r", "sub b", FAR))
    async with opened(url) as (store, _), store._engine.connect() as connection:
        found = await connection.exec_driver_sql("SELECT whom FROM bans")
        assert [row[0] for row in found] == ["sub b"]
