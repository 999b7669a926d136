"""A server takes the calls of another one by a Unix socket: who hears what, and what goes over."""

import asyncio
import os
import signal
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from fastsfu.errors import ConfigError
from fastsfu.http.takeover import Predecessor
from fastsfu.room.options import RoomOptions
from fastsfu.room.records import RoomRecord
from tests.support.server import DEFAULTS, LiveServer, Socket, live_server, successor_of

MOVES = ["confirms", "moves"]
API_KEY = "only-for-the-tests-abcdef-0123456789"


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


@pytest.mark.parametrize("kind", ["in memory", "sqlite"])
async def test_a_meeting_goes_on(tmp_path: Path, kind: str) -> None:
    stored = {"database": f"sqlite:///{tmp_path}/calls.db"} if kind == "sqlite" else {}
    async with AsyncExitStack() as stack:
        live = live_server(control=tmp_path / "c", api_key=API_KEY, **stored)
        one = await stack.enter_async_context(live)
        ada, ben, gone = [await stack.enter_async_context(one.socket()) for _ in range(3)]
        await join(one, ada, capabilities=MOVES)
        await join(one, gone, capabilities=MOVES)
        await join(one, ben)
        other = await stack.enter_async_context(successor_of(one))
        moved, anew = [await stack.enter_async_context(other.socket()) for _ in range(2)]
        await join(other, moved, capabilities=MOVES, replaces=previous(ada))
        await ada.send("leave")
        await gone.send("leave")
        await join(other, anew, replaces=previous(ben))
        assert await meetings(other) == []
        other.sfu.rooms.get("r").succession.give_up()
        for each in (moved, anew):
            await each.send("leave")
            await each.closed()
        (meeting,) = await meetings(other)
        ids = [each.joined["session_id"] for each in (ada, gone, ben, anew)]
        reasons = ["left", "timeout", "end-of-life", "left"]
        people = meeting["participants"]
        found = {each["participant_id"]: each["reason"] for each in people}
        assert found == dict(zip(ids, reasons, strict=True))
    if kind == "sqlite":
        async with live_server(api_key=API_KEY, **stored) as after:
            assert await meetings(after) == [meeting]


async def meetings(server: LiveServer) -> list[dict[str, Any]]:
    """Those that have ended, as the REST interface says."""
    await server.sfu.records.settled()
    headers = {"Authorization": f"Bearer {API_KEY}"}
    answer = await server.http.get("/v1/meetings", headers=headers)
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_rooms_of_the_database_are_as_they_were_last(tmp_path: Path) -> None:
    stored = {"database": f"sqlite:///{tmp_path}/calls.db"}
    async with live_server(control=tmp_path / "c", **stored) as one:
        rooms, records = one.sfu.rooms, one.sfu.records
        for name in ("kept", "gone"):
            room = rooms.create(name, max_participants=2)
            await records.keep_room(RoomRecord(name, room.options, room.created_at))
        room.update(RoomOptions(max_participants=3))  # not kept, and yet it is what goes over
        rooms.delete("kept")
        async with successor_of(one) as other:
            (found,) = other.sfu.rooms
            assert (found.name, found.options) == ("gone", room.options)
            assert found.created_at == room.created_at


async def test_the_other_one_has_other_media_ports(tmp_path: Path) -> None:
    async with live_server(control=tmp_path / "c", workers=2) as one:
        first = {engine.port for engine in one.sfu.engines}
        async with successor_of(one) as other:
            second = {engine.port for engine in other.sfu.engines}
            assert not first & second
            assert other.port == one.port
            assert (await other.http.get("/readyz")).status_code == 200


async def test_the_turn_port_goes_over_when_its_process_ends(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with AsyncExitStack() as first, AsyncExitStack() as second:
        options = {"control": tmp_path / "c", "turn_port": port}
        one = await first.enter_async_context(live_server(**options))
        assert port in turn_ports(one)
        other = await second.enter_async_context(successor_of(one))
        assert port not in turn_ports(other)
        async with successor_of(other, one.sfu.config) as third:
            assert port not in turn_ports(third)  # the first one has it still
            await first.aclose()
            await second.aclose()
            async with asyncio.timeout(30):
                while port not in turn_ports(third):
                    await asyncio.sleep(0.01)


def turn_ports(server: LiveServer) -> set[int]:
    relays = [engine.relay for engine in server.sfu.engines]
    return {port for relay in relays if relay is not None for port in relay.udp_ports}


async def test_tokens_of_a_random_secret_go_on(tmp_path: Path) -> None:
    async with live_server(control=tmp_path / "c", secret=None) as one:
        token = one.token("r")
        async with successor_of(one) as other, other.socket() as socket:
            assert (await socket.join("r", token))["type"] == "joined"


@pytest.mark.parametrize("first", ["the signal", "the successor"])
async def test_a_signal_to_end_costs_no_call(tmp_path: Path, first: str) -> None:
    live = live_server(control=tmp_path / "c", drain_timeout=10)
    async with live as one, one.socket() as before:
        await join(one, before, capabilities=MOVES)
        if first == "the signal":
            one.uvicorn.handle_exit(signal.SIGTERM, None)
        async with successor_of(one) as other, other.socket() as after:
            if first == "the successor":
                one.uvicorn.handle_exit(signal.SIGTERM, None)
            assert (await before.receive())["type"] == "moved"
            await join(other, after, capabilities=MOVES, replaces=previous(before))
            await before.send("ping", id=1)
            assert await before.expect("pong")


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
