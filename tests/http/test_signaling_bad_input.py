"""What a client can do wrong: each costs that client a clear error, and nobody else anything."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
import pytest_asyncio

from fastsfu.events import Failure
from fastsfu.http import outgoing, rate, signaling
from fastsfu.http.model import MAX_FIRST_BYTES, MAX_MESSAGE_BYTES
from tests.support.server import PUBLISH, SECRET, LiveServer, Socket, live_server

MALFORMED = {
    "not JSON": "{",
    "no object": "[]",
    "no type": "{}",
    "unknown type": '{"type": "dance"}',
    "server's type": '{"type": "pong", "id": 1}',
    "missing member": '{"type": "offer", "id": 1}',
    "wrong type of member": '{"type": "ping", "id": "1"}',
    "number out of range": '{"type": "ping", "id": -1}',
    "deep nesting": '{"type": "update", "user_data": ' + "[" * 5000 + "]" * 5000 + "}",
    "large user data": json.dumps({"type": "update", "user_data": "x" * 5000}),
    "long name": json.dumps({"type": "update", "name": "x" * 201}),
    "unknown source": '{"type": "offer", "id": 1, "sdp": "v=0", "tracks": {"0": "smell"}}',
    "no number": '{"type": "update", "user_data": [NaN]}',
    "infinite number": '{"type": "update", "user_data": {"x": -1e999}}',
    "lone surrogate": '{"type": "update", "user_data": "\\ud800"}',
}


@pytest_asyncio.fixture(loop_scope="session")
async def witness(server: LiveServer, room: str) -> AsyncIterator[Socket]:
    """Somebody in the same room, whose call goes on whatever the other does."""
    async with server.caller(room, name="Witness") as caller:
        yield caller
        await caller.send("ping", id=99)
        while (await caller.receive()) != {"type": "pong", "id": 99}:
            pass


@pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_message(
    server: LiveServer, room: str, witness: Socket, frame: str
) -> None:
    async with server.caller(room) as caller:
        await caller.connection.send(frame)
        error = await caller.receive()
        assert (error["type"], error["error"]) == ("error", "bad-message")
        assert error["fatal"] is False
        assert error["info"]
        await caller.send("ping", id=1)
        await caller.expect("pong")


@pytest.mark.parametrize(
    ("frame", "re"),
    [
        ('{"type": "offer", "id": 7, "sdp": "v=0", "tracks": {"0": "smell"}}', 7),
        ('{"type": "update-room", "id": 8, "max_participants": -1.5}', 8),
        ('{"type": "smell", "id": 9}', 9),
        ('{"type": "offer", "id": "7", "sdp": "v=0"}', None),
        ('{"type": "update", "audio": "on", "user_data": {"id": 7}}', None),
        ('[{"id": 7}]', None),
        ('{"id": 7', None),
    ],
)
async def test_what_is_malformed_is_answered_by_its_number(
    server: LiveServer, room: str, frame: str, re: int | None
) -> None:
    async with server.caller(room) as caller:
        await caller.connection.send(frame)
        error = await caller.receive()
        assert (error["error"], error["re"]) == ("bad-message", re)


@pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_first_message(server: LiveServer, frame: str) -> None:
    async with server.socket() as socket:
        await socket.connection.send(frame)
        code, messages = await socket.closed()
        assert (code, messages[-1]["error"], messages[-1]["fatal"]) == (4400, "bad-message", True)


@pytest.mark.parametrize("first", ["ping", "leave", "offer", "update"])
async def test_first_message_has_to_be_join(server: LiveServer, first: str) -> None:
    async with server.socket() as socket:
        await socket.send(first, id=1, sdp="v=0")
        code, messages = await socket.closed()
        assert (code, messages[-1]["error"]) == (4400, "bad-message")


async def test_second_join(server: LiveServer, room: str, witness: Socket) -> None:
    async with server.caller(room) as caller:
        await caller.send("join", room=room, token=server.token(room))
        assert (await caller.receive())["error"] == "bad-request"
        await caller.send("ping", id=1)
        await caller.expect("pong")


@pytest.mark.parametrize("sdp", ["v=0", "hello", PUBLISH.replace("m=", "x=")])
async def test_bad_offer(server: LiveServer, room: str, witness: Socket, sdp: str) -> None:
    async with server.caller(room) as caller:
        error = await caller.offer(sdp)
        assert (error["type"], error["error"], error["fatal"]) == ("error", "bad-offer", False)
        assert (await caller.offer(PUBLISH))["type"] == "answer"


async def test_binary_frame(server: LiveServer, room: str, witness: Socket) -> None:
    async with server.caller(room) as caller:
        await caller.connection.send(b"\x00\x01")
        code, messages = await caller.closed()
        assert (code, messages[-1]["error"]) == (4400, "bad-message")


async def test_invalid_utf8(server: LiveServer, room: str, witness: Socket) -> None:
    async with server.caller(room) as caller:
        await caller.connection.send(b"\xff\xfe", text=True)
        assert (await caller.closed())[0] == 1007


async def test_oversized_message(server: LiveServer, room: str, witness: Socket) -> None:
    async with server.caller(room) as caller:
        await caller.connection.send("x" * (MAX_MESSAGE_BYTES + 1))
        assert (await caller.closed())[0] == 1009


async def test_who_is_not_in_says_less(server: LiveServer) -> None:
    async with server.socket() as socket:
        await socket.connection.send("x" * (MAX_FIRST_BYTES + 1))
        assert (await socket.closed())[0] == 1009


async def test_who_is_in_says_more(server: LiveServer, room: str) -> None:
    async with server.caller(room) as caller:
        await caller.connection.send("x" * MAX_MESSAGE_BYTES)
        assert (await caller.receive())["error"] == "bad-message"


async def test_many_faults_in_a_row(server: LiveServer, room: str, witness: Socket) -> None:
    async with server.caller(room) as caller:
        for _ in range(signaling.MAX_FAULTS):
            await caller.connection.send("{")
        code, messages = await caller.closed()
        assert code == 4400
        assert [message["fatal"] for message in messages[-2:]] == [False, True]
        assert len(messages) == signaling.MAX_FAULTS


async def test_flood(server: LiveServer, room: str, witness: Socket) -> None:
    async with server.caller(room) as caller:
        many = int(rate.MESSAGES_AT_ONCE) + 10
        for number in range(many):
            await caller.send("ping", id=number)
        said = [await caller.receive() for _ in range(many + 1)]
        errors = {(e["error"], e["fatal"]) for e in said if e["type"] == "error"}
        assert errors == {("rate-limit", False)}  # again, where the sender itself was slow between


async def test_client_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SEND_SECONDS", 0.1)
    news = Failure("no-common-codec", "x" * 10_000)
    async with (
        live_server(resume_timeout=0.1) as server,
        server.caller("r") as witness,
        server.caller("r") as deaf,
    ):
        deaf.connection.transport.pause_reading()
        session = server.sfu.sessions[deaf.joined["session_id"]]
        # More than the buffers of both sockets hold (net.ipv4.tcp_rmem and tcp_wmem).
        for _ in range(outgoing.MAX_WAITING):
            session.tell(news)
        left = await witness.expect("participant-left")
        assert left["session_id"] == session.id
        deaf.connection.transport.abort()


async def test_more_news_than_may_wait() -> None:
    news = Failure("no-common-codec", "x")
    async with live_server() as server, server.caller("r") as caller:
        session = server.sfu.sessions[caller.joined["session_id"]]
        for _ in range(outgoing.MAX_WAITING + 1):
            session.tell(news)
        code, messages = await caller.closed()
        assert (code, messages) == (4408, [])


def foreign(**claims: Any) -> str:
    return jwt.encode(claims, "another-secret-0123456789-0123456789", algorithm="HS256")


def unsigned(**claims: Any) -> str:
    return jwt.encode(claims, None, algorithm="none")


def own(**claims: Any) -> str:
    return jwt.encode(claims, SECRET, algorithm="HS256")


@pytest.mark.parametrize(
    ("token", "error"),
    [
        (None, "not-allowed"),
        ("", "not-allowed"),
        ("nonsense", "not-allowed"),
        (foreign(room="r"), "not-allowed"),
        (unsigned(room="r"), "not-allowed"),
        (own(room="another"), "not-allowed"),
        (own(room="r", exp=time.time() - 60), "exp-token"),
        (own(room="r", nbf=time.time() + 3600), "nbf-token"),
    ],
)
async def test_token_that_opens_nothing(
    server: LiveServer, token: str | None, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.socket() as socket:
        await socket.send("join", room="r", token=token)
        code, messages = await socket.closed()
        assert (code, messages[-1]["error"], messages[-1]["fatal"]) == (4401, error, True)
        assert not token or token not in caplog.text + messages[-1]["info"]


async def test_full_room(server: LiveServer, room: str) -> None:
    server.sfu.rooms.create(room, max_participants=1)
    async with server.caller(room) as caller, server.socket() as second:
        await second.send("join", room=room, token=server.token(room))
        code, messages = await second.closed()
        assert (code, messages[-1]["error"]) == (4403, "meeting-full")
        await caller.send("ping", id=1)
        await caller.expect("pong")


@pytest.mark.parametrize(
    ("times", "error"),
    [({"starts_at": time.time() + 3600}, "nbf-room"), ({"ends_at": time.time() - 1}, "exp-room")],
)
async def test_room_that_is_not_open(
    server: LiveServer, room: str, times: dict[str, float], error: str
) -> None:
    server.sfu.rooms.create(room, **times)
    async with server.socket() as socket:
        await socket.send("join", room=room, token=server.token(room))
        code, messages = await socket.closed()
        assert (code, messages[-1]["error"]) == (4403, error)


async def test_fault_of_the_server_stays_with_one(
    server: LiveServer, room: str, witness: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server.caller(room) as caller:
        session = server.sfu.sessions[caller.joined["session_id"]]
        monkeypatch.setattr(session, "offer", None)
        await caller.send("offer", id=1, sdp="v=0")
        code, messages = await caller.closed()
        assert (code, messages[-1]["error"]) == (1011, "connection-error")
        assert "NoneType" not in messages[-1]["info"]


async def test_plain_get_is_no_websocket(server: LiveServer) -> None:
    answer = await server.http.get("v1/signal")
    assert answer.status_code == 404
    assert answer.json()["error"] == "not-found"


async def test_open_rooms_need_no_token() -> None:
    async with live_server(open_rooms=True) as server, server.socket() as socket:
        await socket.join("anything", None, name="Ada")
        assert socket.joined["you"]["user_name"] == "Ada"


async def test_half_a_handshake_keeps_nobody_waiting(server: LiveServer, room: str) -> None:
    _, writer = await asyncio.open_connection(
        "127.0.0.1", server.port, ssl=server.tls, server_hostname="localhost"
    )
    writer.write(b"GET /v1/signal HTTP/1.1\r\nHost: x\r\n")
    await writer.drain()
    async with server.caller(room) as caller:
        await caller.send("ping", id=1)
        await caller.expect("pong")
    writer.close()
    await writer.wait_closed()
