"""The Python participant in calls on a real server: it hears, speaks, is heard, and goes whole."""

import asyncio
import gc
import os
import threading
from pathlib import Path
from typing import Any

import pytest

import fastsfu.client
from fastsfu.client import Call, CallError
from fastsfu.client.media import Media
from fastsfu.errors import JoinError
from tests.support.aiortc_client import Picture, Tone, client_tls
from tests.support.domain_peer import until
from tests.support.server import LiveServer, live_server


def joining(server: LiveServer, room: str, name: str, **options: Any) -> Call:
    claims = options.pop("claims", {})
    return fastsfu.client.join(
        str(server.http.base_url), room=room, token=server.token(room, **claims), name=name,
        ssl=client_tls(), **options,
    )  # fmt: skip


async def heard(call: Call, name: str) -> dict[str, Any]:
    """The next event of this name."""
    event: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    call.once(name, event.set_result)
    async with asyncio.timeout(60):
        return await event


async def test_two_see_and_hear_each_other(server: LiveServer, room: str) -> None:
    async with joining(server, room, "Ada") as ada, joining(server, room, "Bob") as bob:
        ada.publish(audio=Tone(), video=Picture())
        bob.publish(audio=Tone())
        ada_id, bob_id = (each.participants()["local"]["session_id"] for each in (ada, bob))
        async with asyncio.timeout(60):
            sound = await ada.track(bob_id)
            picture = await bob.track(ada_id, "video")
            count = 0
            async for frame in picture:
                assert (frame.width, frame.height) == (320, 240)
                count += 1
                if count == 5:
                    break
            async for frame in sound:
                if frame.to_ndarray().any():
                    break
        shown = bob.participants()[ada_id]
        assert (shown["user_name"], shown["local"]) == ("Ada", False)
        assert shown["tracks"]["video"] is picture
    assert picture.ended
    assert sound.ended


async def test_who_comes_later_is_heard_and_who_goes_is_not(server: LiveServer, room: str) -> None:
    async with joining(server, room, "Ada") as ada:
        for name in ("Bob", "Cem", "Dan"):
            stopped = asyncio.create_task(heard(ada, "track-stopped"))
            async with joining(server, room, name) as other:
                other.publish(audio=Tone())
                session_id = other.participants()["local"]["session_id"]
                async with asyncio.timeout(60):
                    track = await ada.track(session_id)
                    async for frame in track:
                        if frame.to_ndarray().any():
                            break
            assert (await stopped)["track"] is track
        with pytest.raises(CallError, match="left"):
            await ada.track(session_id)


@pytest.mark.parametrize("times", [5, pytest.param(200, marks=pytest.mark.slow)])
async def test_offers_do_not_grow_with_those_who_come_and_go(
    server: LiveServer, room: str, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A section carries one after the other, each heard and seen."""
    sections = []
    async with joining(server, room, "Ada") as ada:
        for _ in range(times):
            async with joining(server, room, "Bob") as bob, asyncio.timeout(60):
                bob.publish(audio=Tone(), video=Picture())
                session_id = bob.participants()["local"]["session_id"]
                async for frame in await ada.track(session_id):
                    if frame.to_ndarray().any():
                        break
                async for _ in await ada.track(session_id, "video"):
                    break
            assert ada._media._connection is not None
            sections.append(ada._media._connection.localDescription.sdp.count("\nm="))
    assert sections[-1] == sections[0]
    gc.collect()
    assert "never retrieved" not in caplog.text, "a task of aiortc failed"


async def test_users_are_known_by_the_ids_of_their_tokens(server: LiveServer, room: str) -> None:
    claims = {"user_id": "u1"}
    async with (
        joining(server, room, "Ada", claims=claims) as ada,
        joining(server, room, "Bob") as bob,
    ):
        me = ada.participants()["local"]
        assert me["user_id"] == "u1"
        assert bob.participants()[me["session_id"]]["user_id"] == "u1"
        assert bob.participants()["local"]["user_id"] is None


async def test_messages_go_both_ways_in_order_and_once(server: LiveServer, room: str) -> None:
    async with joining(server, room, "Ada") as ada, joining(server, room, "Bob") as bob:
        got: list[Any] = []
        done = asyncio.Event()

        def on_message(event: dict[str, Any]) -> None:
            got.append((event["data"], event["fromId"]))
            if len(got) == 100:
                done.set()

        bob.on("app-message", on_message)
        for number in range(100):
            ada.send_app_message({"n": number})
        async with asyncio.timeout(60):
            await done.wait()
        me = ada.participants()["local"]["session_id"]
        assert got == [({"n": number}, me) for number in range(100)]
        with pytest.raises(CallError, match="bad-request"):
            ada.send_app_message({1, 2})


async def test_what_is_no_json_is_refused_and_changes_nothing(
    server: LiveServer, room: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with joining(server, room, "Ada", user_data={"seat": 1}) as ada:
        for wrong in ({1, 2}, float("nan"), b"bytes"):
            with pytest.raises(CallError, match="bad-request"):
                ada.set_user_data(wrong)
            with pytest.raises(CallError, match="bad-request"):
                ada.update_receive_settings({"*": {"audio": wrong}})
        assert ada._said["user_data"] == {"seat": 1}
        assert ada._receive == {}
    with pytest.raises(CallError, match="bad-request"):
        async with joining(server, room, "Ada", user_data={1, 2}):
            pass
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_a_call_whose_media_cannot_be_set_up_ends(
    server: LiveServer, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise OSError("no sockets left")

    monkeypatch.setattr(Media, "begin", fail)
    async with joining(server, room, "Ada") as ada, asyncio.timeout(30):
        with pytest.raises(CallError, match="no sockets left"):
            await ada.ended()


async def test_a_lost_connection_comes_back_and_nothing_is_lost(
    server: LiveServer, room: str
) -> None:
    async with joining(server, room, "Ada") as ada, joining(server, room, "Bob") as bob:
        before = bob.participants()["local"]["session_id"]
        back = asyncio.create_task(heard(bob, "network-connection"))
        await asyncio.sleep(0)
        bob._line._socket.transport.abort()  # type: ignore[union-attr]
        await back
        assert bob.participants()["local"]["session_id"] == before
        got = asyncio.create_task(heard(bob, "app-message"))
        await asyncio.sleep(0)
        ada.send_app_message("still here")
        assert (await got)["data"] == "still here"


async def test_a_session_that_is_gone_is_joined_anew(server: LiveServer, room: str) -> None:
    async with joining(server, room, "Ada") as ada, joining(server, room, "Bob") as bob:
        bob.publish(audio=Tone())
        first = bob.participants()["local"]["session_id"]
        back = asyncio.create_task(heard(bob, "network-connection"))
        await asyncio.sleep(0)
        server.sfu.sessions[first].leave("connection-error", "for a test")
        await back
        you = bob.participants()["local"]
        assert (you["session_id"] != first, you["origin"]) == (True, first)
        async with asyncio.timeout(60):
            async for frame in await ada.track(you["session_id"]):
                if frame.to_ndarray().any():
                    break


async def test_a_seat_that_somebody_else_has_taken_meanwhile_is_waited_for(room: str) -> None:
    server_of_two = live_server(workers=1, max_transports=2)
    async with server_of_two as server, joining(server, room, "Ada") as ada:
        first = ada.participants()["local"]["session_id"]
        back = asyncio.create_task(heard(ada, "network-connection"))
        await asyncio.sleep(0)
        server.sfu.sessions[first].leave("connection-error", "for a test")
        token = server.token(room)
        others = [await server.sfu.open_session(room, token=token) for _ in range(2)]
        with pytest.raises(JoinError) as refused:
            await server.sfu.open_session(room, token=token)
        assert refused.value.type == "no-capacity"
        others[0].leave()
        await back
        assert ada.participants()["local"]["origin"] == first


async def test_a_host_s_mute_is_obeyed_and_an_ejection_ends_it(
    server: LiveServer, room: str
) -> None:
    where = server.sfu.rooms.create(room)
    async with joining(server, room, "Bob") as bob:
        bob.publish(audio=Tone())
        me = bob.participants()["local"]["session_id"]
        muted = asyncio.create_task(heard(bob, "muted-by-host"))
        await asyncio.sleep(0)
        where.mute(me, sources={"audio"})
        assert (await muted)["sources"] == ["audio"]
        assert bob._media.held == {"audio"}
        bob.unmute("audio")
        await until("the host's mute to be over", lambda: not where.sessions[me].rights.held)
        where.eject(me)
        with pytest.raises(CallError) as ended:
            async with asyncio.timeout(60):
                await bob.ended()
        assert ended.value.type == "ejected"


async def test_what_is_refused_is_raised(server: LiveServer, room: str) -> None:
    with pytest.raises(CallError) as refused:
        async with fastsfu.client.join(
            str(server.http.base_url), room=room, token="none", ssl=client_tls()
        ):
            pass
    assert (refused.value.type, refused.value.fatal) == ("not-allowed", True)
    with pytest.raises(CallError, match="connection-error"):
        async with fastsfu.client.join("https://localhost:1", room=room, ssl=client_tls()):
            pass


@pytest.mark.parametrize("times", [6, pytest.param(200, marks=pytest.mark.slow)])
async def test_joins_and_leaves_leave_nothing_behind(
    server: LiveServer, room: str, times: int
) -> None:
    async with joining(server, room, "Ada") as ada:
        ada.publish(audio=Tone())
        me = ada.participants()["local"]["session_id"]
        kept: dict[str, int] = {}
        for turn in range(times):
            async with joining(server, room, "Bob") as bob, asyncio.timeout(60):
                bob.publish(audio=Tone())
                async for _ in await bob.track(me):
                    break
            if turn == 2:
                await until("its threads to end", lambda: not decoders())
                kept = held()
        await until("no more to be held", lambda: all(held()[each] <= kept[each] for each in kept))
        await until("its threads to end", lambda: not decoders())


def held() -> dict[str, int]:
    """What this process has of each; the loop's executor may grow until it has all its threads."""
    return {
        "task": len(asyncio.all_tasks()),
        "thread": sum("asyncio_" not in each.name for each in threading.enumerate()),
        "socket": sum(
            os.readlink(each).startswith("socket:")
            for each in Path("/proc/self/fd").iterdir()
            if each.is_symlink()
        ),
    }


def decoders() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if "decoder" in each.name]
