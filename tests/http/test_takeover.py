"""A server takes the calls of another one by a Unix socket: who hears what, and what goes over."""

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from fastsfu.errors import ConfigError
from fastsfu.http.takeover import Predecessor
from tests.support.server import DEFAULTS, LiveServer, Socket, live_server, successor_of

MOVES = ["confirms", "moves"]


def previous(of: Socket) -> dict[str, str]:
    return {key: of.joined[key] for key in ("session_id", "resume_key")}


async def join(server: LiveServer, socket: Socket, **members: Any) -> dict[str, Any]:
    return await socket.join("r", server.token("r"), **members)


async def test_who_can_move_does_and_stays_who_they_are(tmp_path: Path) -> None:
    async with live_server(control=tmp_path / "c") as one, one.socket() as before:
        await join(one, before, capabilities=MOVES)
        async with successor_of(one) as other:
            assert await before.expect("moved") == {
                "type": "moved", "url": None, "alternates": [],
            }  # fmt: skip
            async with other.socket() as after:
                joined = await join(other, after, capabilities=MOVES, replaces=previous(before))
                assert joined["session_id"] == before.joined["session_id"]
                assert joined["you"]["joined_at"] == before.joined["you"]["joined_at"]
                assert joined["you"]["origin"] == before.joined["you"]["origin"]
                await before.send("leave")
                assert (await before.closed())[0] == 1000
            assert not one.sfu.ready


async def test_who_cannot_is_ended_and_comes_back(tmp_path: Path) -> None:
    async with live_server(control=tmp_path / "c") as one, one.socket() as before:
        await join(one, before)
        async with successor_of(one) as other:
            code, messages = await before.closed()
            assert code == 1001
            assert [(each["error"], each["fatal"]) for each in messages] == [("end-of-life", True)]
            async with other.socket() as after:
                joined = await join(other, after, replaces=previous(before))
                assert joined["you"]["origin"] == before.joined["session_id"]


async def test_rooms_seats_and_bans_go_over(tmp_path: Path) -> None:
    async with live_server(control=tmp_path / "c") as one:
        one.sfu.rooms.create("r", max_participants=2, topology="sfu", locked=False)
        ejected = one.token("r")
        async with one.socket() as out:
            await out.join("r", ejected)
            one.sfu.rooms.get("r").eject(out.joined["session_id"])  # type: ignore[union-attr]
        async with one.socket() as ada, one.socket() as ben:
            for each in (ada, ben):
                await join(one, each, capabilities=MOVES)
            async with successor_of(one) as other:
                assert [each.name for each in other.sfu.rooms] == ["r"]
                forged = {**previous(ada), "resume_key": previous(ben)["resume_key"]}
                for token, error, replaces in (
                    (ejected, "not-allowed", None),
                    (other.token("r"), "meeting-full", None),
                    (other.token("r"), "meeting-full", forged),
                ):
                    async with other.socket() as stranger:
                        await stranger.send("join", room="r", token=token, replaces=replaces)
                        refusal = await stranger.receive()
                        assert (refusal["type"], refusal["error"]) == ("error", error)
                for each in (ada, ben):
                    async with other.socket() as after:
                        await join(other, after, capabilities=MOVES, replaces=previous(each))


async def test_the_other_one_has_other_media_ports(tmp_path: Path) -> None:
    async with live_server(control=tmp_path / "c", workers=2) as one:
        first = {engine.port for engine in one.sfu.engines}
        async with successor_of(one) as other:
            second = {engine.port for engine in other.sfu.engines}
            assert not first & second
            assert other.port == one.port
            assert (await other.http.get("/readyz")).status_code == 200


async def test_tokens_of_a_random_secret_go_on(tmp_path: Path) -> None:
    async with live_server(control=tmp_path / "c", secret=None) as one:
        token = one.token("r")
        async with successor_of(one) as other, other.socket() as socket:
            assert (await socket.join("r", token))["type"] == "joined"


async def test_a_successor_that_fails_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c"
    async with live_server(control=path) as one, one.socket() as before:
        await join(one, before, capabilities=MOVES)
        for asked in (["listener"], ["listener", "rooms"], ["nonsense"]):
            await asyncio.to_thread(ask_and_go, path, asked)
        async with asyncio.timeout(10):
            while not one.sfu.ready:
                await asyncio.sleep(0.01)
        async with one.socket() as again:
            await join(one, again)
        await before.send("ping", id=1)
        assert await before.expect("pong")


def ask_and_go(path: Path, what: list[str]) -> None:
    """Another process that dies halfway."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.connect(str(path))
        for each in what:
            asking.sendall(json.dumps(each).encode() + b"\n")
            asking.recv(65536)


async def test_the_socket_is_for_its_user(tmp_path: Path) -> None:
    async with live_server(control=tmp_path / "c"):
        assert os.stat(tmp_path / "c").st_mode & 0o777 == 0o600


def test_nobody_there_is_no_predecessor(tmp_path: Path) -> None:
    assert Predecessor.find(tmp_path / "nobody") is None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(tmp_path / "dead"))
    assert Predecessor.find(tmp_path / "dead") is None
    with pytest.raises(ConfigError, match="AF_UNIX path too long"):
        Predecessor.find(tmp_path / ("x" * 200))
    assert "control" not in DEFAULTS
