"""Signaling over a real WSS connection: the ordinary course of a call."""

import asyncio
import signal
import time

import pytest
import websockets

from fastsfu.http.http1 import WebSocket
from fastsfu.transport.turn import credentials
from tests.support.server import PUBLISH, SECRET, WATCH, LiveServer, asked_for, live_server


async def test_join_tells_the_scene(server: LiveServer, room: str) -> None:
    async with server.caller(room, name="Ada", owner=True) as ada:
        assert ada.joined["participants"] == []
        assert ada.joined["room"] == {
            "name": room,
            "max_participants": 200,
            "ends_at": None,
            "locked": False,
            "enable_knocking": False,
        }
        assert ada.joined["sections"] == {"audio": 0, "video": 0}
        you = ada.joined["you"]
        assert (you["user_name"], you["owner"], you["session_id"]) == (
            "Ada",
            True,
            ada.joined["session_id"],
        )
        async with server.caller(room, name="Bob") as bob:
            assert [p["user_name"] for p in bob.joined["participants"]] == ["Ada"]
            news = await ada.expect("participant-joined")
            assert news["participant"]["session_id"] == bob.joined["session_id"]
            await bob.send("leave")
            assert (await bob.closed())[0] == 1000
        left = await ada.expect("participant-left")
        assert left == {
            "type": "participant-left",
            "session_id": bob.joined["session_id"],
            "reason": "left",
        }


async def test_who_joins_or_resumes_is_told_who_speaks(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada:
        assert ada.joined["active_speaker"] is None
        standup, ada_id = server.sfu.rooms.get(room), ada.joined["session_id"]
        assert standup is not None
        standup.heard(ada_id, 95)
        async with server.caller(room) as bob:
            assert bob.joined["active_speaker"] == ada_id
        async with server.socket() as again:
            key = {name: bob.joined[name] for name in ("session_id", "resume_key")}
            await again.send("resume", **key)
            assert (await again.expect("resumed"))["active_speaker"] == ada_id


async def test_relays_are_told_with_credentials_of_the_session(room: str) -> None:
    relays = {"turn": False, "turn_urls": "stun:a.example,turn:b.example", "turn_secret": SECRET}
    async with live_server(**relays) as server, server.caller(room) as ada:
        turn, stun = ada.joined["ice_servers"]
        assert (stun["urls"], stun["username"]) == (["stun:a.example"], None)
        assert turn["urls"] == ["turn:b.example"]
        expiry, _, user = turn["username"].partition(":")
        assert user == ada.joined["session_id"]
        assert turn["credential"] == credentials(SECRET.encode(), user, int(expiry))[1]
        async with server.socket() as again:
            key = {name: ada.joined[name] for name in ("session_id", "resume_key")}
            await again.send("resume", **key)
            assert [each["urls"] for each in (await again.expect("resumed"))["ice_servers"]] == [
                ["turn:b.example"],
                ["stun:a.example"],
            ]


async def test_publications_reach_the_others(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada, server.caller(room) as bob:
        answer = await ada.offer(PUBLISH, **{"0": "audio", "1": "video"})
        assert answer["subscriptions"] == {}
        assert "a=ice-lite" in answer["sdp"]
        assert (await bob.expect("sections")) == asked_for(audio=1, video=1)
        answer = await bob.offer(WATCH)
        ada_id = ada.joined["session_id"]
        assert answer["subscriptions"] == {
            "0": {"session_id": ada_id, "source": "audio"},
            "1": {"session_id": ada_id, "source": "video"},
        }


async def test_mute_and_user_data_are_told(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada, server.caller(room) as bob:
        await ada.offer(PUBLISH)
        await ada.send("update", video=False, user_data={"hand": True})
        while (news := (await bob.expect("participant-updated"))["participant"])["video"]:
            pass
        assert news["audio"] is True
        assert news["user_data"] == {"hand": True}
        await ada.send("update", user_data=None, video=True)
        while not (news := (await bob.expect("participant-updated"))["participant"])["video"]:
            pass
        assert news["user_data"] is None


async def test_a_wish_takes_a_source_back(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada, server.caller(room) as bob:
        await bob.send("receive-settings", settings={"*": {"video": False}})
        wish = {"max_height": 180, "layer": None, "priority": 2}
        await bob.send("receive-settings", settings={"*": {"video": wish}})
        for bad in ({"max_height": 0}, {"layer": 4}, {"priority": 256}, 1, "180"):
            await bob.send("receive-settings", settings={"*": {"video": bad}})
            assert (await bob.expect("error"))["error"] == "bad-message"
        await ada.offer(PUBLISH)
        assert await bob.expect("sections") == asked_for(audio=1, video=1)


async def test_declined_source_is_not_asked_for(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada, server.caller(room) as bob:
        await bob.send("receive-settings", settings={"*": {"video": False}})
        await bob.send("ping", id=1)
        await bob.expect("pong")
        await ada.offer(PUBLISH)
        assert await bob.expect("sections") == asked_for(audio=1, video=0)


async def test_resume_goes_on_with_the_session(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada:
        await ada.offer(PUBLISH)
        async with server.caller(room) as bob:
            await bob.offer(WATCH)
            bob.connection.transport.abort()
        me = bob.joined["session_id"]
        async with server.socket() as again:
            await again.send("resume", session_id=me, resume_key=bob.joined["resume_key"])
            resumed = await again.receive()
            assert resumed["type"] == "resumed"
            assert resumed["you"]["session_id"] == me
            assert [p["session_id"] for p in resumed["participants"]] == [ada.joined["session_id"]]
            assert resumed["sections"] == {"audio": 1, "video": 1}
        assert me in server.sfu.sessions


async def test_resume_replaces_a_socket_that_still_lives(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada, server.socket() as again:
        key = ada.joined["resume_key"]
        await again.send("resume", session_id=ada.joined["session_id"], resume_key=key)
        await again.expect("resumed")
        code, _ = await ada.closed()
        assert code == 4409
        await again.send("ping", id=7)
        assert (await again.expect("pong"))["id"] == 7
        assert ada.joined["session_id"] in server.sfu.sessions


async def test_resume_needs_its_key(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada, server.socket() as thief:
        await thief.send("resume", session_id=ada.joined["session_id"], resume_key="guessed")
        code, messages = await thief.closed()
        assert (code, messages[-1]["error"]) == (4401, "not-allowed")
        await ada.send("ping", id=1)
        await ada.expect("pong")


async def test_session_ends_when_nobody_resumes() -> None:
    async with live_server(resume_timeout=0.1) as server:
        async with server.caller("r") as ada:
            async with server.caller("r") as bob:
                pass
            left = await ada.expect("participant-left")
            assert left["session_id"] == bob.joined["session_id"]
        async with server.socket() as late:
            await late.send(
                "resume",
                session_id=bob.joined["session_id"],
                resume_key=bob.joined["resume_key"],
            )
            code, messages = await late.closed()
            assert (code, messages[-1]["error"]) == (4403, "no-room")


async def test_ejection_is_told_and_closes(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada:
        where = server.sfu.rooms.get(room)
        assert where is not None
        where.eject(ada.joined["session_id"])
        code, messages = await ada.closed()
        assert (code, messages[-1]) == (1000, {"type": "ejected", "reason": "ejected"})


async def test_silent_client_is_dropped_and_may_resume() -> None:
    async with live_server(heartbeat=0.05) as server:
        async with server.caller("r") as ada:
            code, messages = await ada.closed()
            assert (code, messages[-1]["error"]) == (4408, "timeout")
        assert ada.joined["session_id"] in server.sfu.sessions


async def test_join_has_a_deadline() -> None:
    async with live_server(join_timeout=0.05) as server, server.socket() as mute:
        code, messages = await mute.closed()
        assert (code, messages[-1]["error"]) == (4408, "timeout")


async def test_draining_is_told_and_ends() -> None:
    async with live_server(drain_timeout=0.2) as server, server.caller("r") as ada:
        server.uvicorn.handle_exit(signal.SIGTERM, None)
        code, messages = await ada.closed()
        assert code == 1001
        assert [(m["error"], m["fatal"]) for m in messages] == [
            ("end-of-life", False),
            ("end-of-life", True),
        ]


async def test_an_end_cut_short_ends_the_application_too() -> None:
    async with live_server(drain_timeout=60) as server, server.caller("r") as ada:
        for _ in range(2):
            server.uvicorn.handle_exit(signal.SIGTERM, None)
        await ada.closed()
    assert server.uvicorn.lifespan.shutdown_event.is_set()


async def test_draining_passes_over_a_connection_that_its_client_is_closing() -> None:
    async with live_server() as server, server.socket():
        (connection,) = server.uvicorn.server_state.connections
        assert isinstance(connection, WebSocket)
        connection.data_received(bytes.fromhex("8882 00000000 03e8"))  # close, masked: 1000
        connection.shutdown()
        assert connection.transport.is_closing()


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"subprotocols": None}, 403),
        ({"subprotocols": ["other.v1"]}, 403),
    ],
)
async def test_handshake_is_refused(server: LiveServer, options: dict, status: int) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with server.socket(**options):
            pass
    assert refused.value.response.status_code == status


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://localhost"])
async def test_a_refused_origin_is_named_and_logged(
    server: LiveServer, origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    if origin == "http://localhost":
        origin = server.url.replace("https", "http").rstrip("/")
    async with server.socket(origin=origin) as socket:
        code, [message] = await socket.closed()
    assert (code, message["error"], message["fatal"]) == (4403, "bad-origin", True)
    assert origin in message["info"]
    assert "allowed_origins" in message["info"]
    assert origin in caplog.text


async def test_own_and_configured_origins_may_connect(room: str) -> None:
    async with live_server(allowed_origins=["https://App.Example/"]) as server:
        for origin in (server.url.rstrip("/"), "https://app.example"):
            async with server.socket(origin=origin) as socket:
                await socket.join(room, server.token(room))


async def test_joined_comes_first_even_with_news_on_the_way(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada, server.socket() as bob:
        await bob.send("join", room=room, token=server.token(room))
        await ada.send("update", user_data=1)
        await asyncio.gather(ada.expect("participant-joined"))
        assert (await bob.receive())["type"] == "joined"


async def test_two_clients_are_brought_together(server: LiveServer, room: str) -> None:
    async with server.socket() as ada, server.socket() as ben:
        for socket in (ada, ben):
            await socket.join(room, server.token(room), capabilities=["p2p", "telepathy"])
        assert ada.joined["topology"] == {"topology": "none", "sending": [], "peer": None}
        told = await ada.expect("topology")
        ben_id = ben.joined["session_id"]
        peer = {"number": 1, "session_id": ben_id, "polite": False, "relay": False}
        assert told == {
            "type": "topology", "topology": "peer", "sending": ["peer"], "peer": peer,
        }  # fmt: skip
        assert ben.joined["topology"]["peer"]["polite"] is True
        offer = {"number": 1, "kind": "offer", "sdp": "v=0"}
        await ada.send("peer-description", **offer)
        assert await ben.expect("peer-description") == {"type": "peer-description", **offer}
        await ben.send("peer-candidate", number=1, candidate="candidate:1", sdp_mid="0")
        assert (await ada.expect("peer-candidate"))["candidate"] == "candidate:1"
        await ben.send("peer-state", number=1, state="failed")
        assert (await ada.expect("topology"))["topology"] == "sfu"
        await ben.send("set-topology", topology="peer")
        while (message := await ben.receive())["type"] != "error":
            pass
        assert (message["error"], message["fatal"]) == ("not-allowed", False)


async def test_an_owner_sets_the_topology(server: LiveServer, room: str) -> None:
    async with server.caller(room, owner=True) as owner, server.socket() as ben:
        await ben.join(room, server.token(room), capabilities=["p2p"])
        assert ben.joined["topology"]["topology"] == "sfu", "the owner's client is an old one"
        await owner.send("set-topology", topology="sfu")
        await owner.send("ping", id=1)
        await owner.expect("pong")


async def test_token_is_refreshed_in_a_call(server: LiveServer, room: str) -> None:
    async with server.caller(room, user_id="ada") as ada:
        newer = server.token(room, user_id="ada", expires_in=None)
        await ada.send("refresh-token", id=7, token=newer)
        taken = await ada.expect("token-refreshed")
        assert taken == {"type": "token-refreshed", "id": 7, "expires_at": None}
        for token, error in (
            (server.token(room, user_id="eve"), "not-allowed"),
            (server.token("another", user_id="ada"), "not-allowed"),
            (server.token(room, user_id="ada", now=time.time() - 9999), "exp-token"),
            ("x", "not-allowed"),
        ):
            await ada.send("refresh-token", id=8, token=token)
            refused = await ada.receive()
            assert (refused["type"], refused["error"], refused["re"]) == ("error", error, 8)
            assert refused["fatal"] is False
            assert token not in refused["info"]
