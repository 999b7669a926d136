"""What owners may do by signaling, what nobody else may, and what those concerned are told."""

from typing import Any

import pytest

from tests.support.server import PUBLISH, LiveServer, Socket


def me(socket: Socket) -> str:
    return str(socket.joined["session_id"])


async def ask(socket: Socket, kind: str, **members: Any) -> dict[str, Any]:
    """What is answered."""
    await socket.send(kind, id=7, **members)
    while True:
        answer = await socket.receive()
        if answer["type"] == "done" or (answer["type"] == "error" and answer["re"] == 7):
            return answer


async def seen(socket: Socket, who: str, **members: Any) -> dict[str, Any]:
    """The next update of somebody that shows this."""
    while True:
        participant: dict[str, Any] = (await socket.expect("participant-updated"))["participant"]
        shown = {"session_id": participant["session_id"], **{m: participant[m] for m in members}}
        if shown == {"session_id": who, **members}:
            return participant


async def test_an_owner_mutes_and_the_muted_unmutes(server: LiveServer, room: str) -> None:
    async with server.caller(room, owner=True) as host, server.caller(room) as eve:
        await eve.offer(PUBLISH)
        await seen(host, me(eve), audio=True, video=True, held=[])
        answer = await ask(host, "update-participants", participants={me(eve): {"mute": ["audio"]}})
        assert answer == {"type": "done", "id": 7}
        assert await eve.expect("muted") == {"type": "muted", "sources": ["audio"]}
        await seen(host, me(eve), audio=False, video=True, held=["audio"])
        await eve.send("update", audio=True, user_data="loud")
        await seen(host, me(eve), audio=False, user_data="loud")
        async with server.caller(room) as late:
            (you,) = [p for p in late.joined["participants"] if p["session_id"] == me(eve)]
            assert (you["audio"], you["held"]) == (False, ["audio"])
        await eve.send("unmute", sources=["audio"])
        await seen(host, me(eve), audio=True, held=[])


async def test_an_owner_changes_rights_and_hands_ownership_on(
    server: LiveServer, room: str
) -> None:
    async with server.caller(room, owner=True) as host, server.caller(room) as eve:
        await eve.offer(PUBLISH)
        await seen(host, me(eve), audio=True, video=True)
        update = {"permissions": {"publish": ["audio"], "messages": False}}
        await ask(host, "update-participants", participants={me(eve): update})
        changed = await seen(eve, me(eve), audio=True, video=False)
        assert changed["permissions"] == {
            "publish": ["audio"],
            "subscribe": True,
            "messages": False,
        }
        refused = await ask(eve, "update-participants", participants={me(host): {"eject": True}})
        assert refused["error"] == "not-allowed"
        await ask(
            host, "update-participants", participants={me(eve): {"permissions": {"owner": True}}}
        )
        await seen(eve, me(eve), owner=True)
        await ask(eve, "update-participants", participants={"*": {"permissions": {"owner": False}}})
        await seen(host, me(host), owner=False)
        assert (await ask(host, "update-room", locked=True))["error"] == "not-allowed"


async def test_an_owner_gives_somebody_another_name(server: LiveServer, room: str) -> None:
    async with (
        server.caller(room, owner=True) as host,
        server.caller(room, name="Eve") as eve,
    ):
        update = {"user_name": "Adam"}
        answer = await ask(host, "update-participants", participants={me(eve): update})
        assert answer["type"] == "done"
        await seen(eve, me(eve), user_name="Adam")
        for_all = {me(eve): {"user_name": "Bob"}, me(host): {"user_name": " "}}
        refused = await ask(host, "update-participants", participants=for_all)
        assert refused["error"] == "bad-request"
        assert server.sfu.sessions[me(eve)].name == "Adam"


async def test_everybody_is_everybody_else(server: LiveServer, room: str) -> None:
    async with (
        server.caller(room, owner=True) as host,
        server.caller(room) as eve,
        server.caller(room) as bob,
    ):
        await ask(host, "update-participants", participants={"*": {"mute": ["video", "screen"]}})
        for each in (eve, bob):
            assert (await each.expect("muted"))["sources"] == ["screen", "video"]
        standup = server.sfu.rooms.get(room)
        assert standup is not None
        held = [standup.sessions[me(each)].rights.held for each in (host, eve, bob)]
        assert [sorted(each) for each in held] == [[], ["screen", "video"], ["screen", "video"]]


async def test_an_ejected_client_stays_out_with_the_token_that_it_had(
    server: LiveServer, room: str
) -> None:
    token = server.token(room, user_id="eve")
    async with server.caller(room, owner=True) as host, server.socket() as eve:
        await eve.join(room, token)
        await ask(host, "update-participants", participants={me(eve): {"eject": True}})
        code, heard = await eve.closed()
        assert (code, heard[-1]) == (1000, {"type": "ejected", "reason": "ejected"})
        for signed in (token, server.token(room, user_id="eve")):
            async with server.socket() as again:
                await again.send("join", room=room, token=signed)
                first = await again.receive()
                assert first["type"] == ("error" if signed == token else "joined")
                if first["type"] == "joined":
                    banned = {first["session_id"]: {"eject": True, "ban": 600}}
                    await ask(host, "update-participants", participants=banned)
        async with server.socket() as again:
            await again.send("join", room=room, token=server.token(room, user_id="eve"))
            assert (await again.receive())["error"] == "not-allowed"


async def test_the_room_is_changed_and_everybody_told(server: LiveServer, room: str) -> None:
    async with server.caller(room, owner=True) as host, server.caller(room) as eve:
        assert (await ask(host, "update-room", locked=True, max_participants=2))["type"] == "done"
        told = (await eve.expect("room-updated"))["room"]
        assert (told["name"], told["max_participants"], told["locked"]) == (room, 2, True)
        async with server.socket() as bob:
            await bob.send("join", room=room, token=server.token(room))
            refused = await bob.receive()
            assert (refused["error"], refused["info"]) == ("not-allowed", "The room is locked.")
        await ask(host, "update-room", ends_at=4e9, locked=False)
        assert (await eve.expect("room-updated"))["room"]["ends_at"] == 4e9
        await ask(host, "update-room", ends_at=None)
        assert (await eve.expect("room-updated"))["room"]["ends_at"] is None
        await ask(host, "update-room", ends_at=1.0)
        assert (await eve.closed())[1][-1]["error"] == "exp-room"


async def test_session_data_reaches_all_and_who_comes_later(server: LiveServer, room: str) -> None:
    async with server.caller(room, owner=True) as host, server.caller(room) as eve:
        assert host.joined["session_data"] is None
        await ask(host, "set-session-data", data={"slide": 3})
        assert await eve.expect("session-data") == {"type": "session-data", "data": {"slide": 3}}
        async with server.caller(room) as late:
            assert late.joined["session_data"] == {"slide": 3}
        assert (await ask(host, "set-session-data", data="x" * 20_000))["error"] == "too-large"
        assert (await ask(eve, "set-session-data", data=1))["error"] == "not-allowed"


async def test_of_a_message_that_names_a_stranger_nothing_happens(
    server: LiveServer, room: str
) -> None:
    async with server.caller(room, owner=True) as host, server.caller(room) as eve:
        participants = {me(eve): {"eject": True}, "nobody": {"mute": ["audio"]}}
        refused = await ask(host, "update-participants", participants=participants)
        assert refused["error"] == "bad-request"
        await eve.send("ping", id=1)
        await eve.expect("pong")


async def knocking(socket: Socket, room: str, token: str) -> dict[str, Any]:
    """What is answered to a join of a client that can wait."""
    await socket.send("join", room=room, token=token, name="Eve", capabilities=["knocks"])
    return await socket.receive()


async def waits(host: Socket) -> list[dict[str, Any]]:
    """Who waits, as soon as that changes."""
    told: list[dict[str, Any]] = (await host.expect("waiting-participants"))["participants"]
    return told


async def test_a_host_lets_in_who_waits(server: LiveServer, room: str) -> None:
    async with server.caller(room, owner=True) as host, server.socket() as eve:
        await ask(host, "update-room", enable_knocking=True)
        first = await knocking(eve, room, server.token(room, user_id="e"))
        assert (first["type"], first["heartbeat"]) == ("waiting", 10.0)
        await eve.send("ping", id=3)
        assert await eve.receive() == {"type": "pong", "id": 3}
        await eve.send("request-access", name="Eve L.")
        (told,) = await waits(host)
        assert (told["id"], told["user_name"], told["user_id"]) == (first["id"], "Eve L.", "e")
        async with server.caller(room, owner=True) as other:
            assert other.joined["waiting_participants"] == [told]
            refused = await ask(host, "update-waiting-participants", participants={"x": True})
            assert refused["error"] == "bad-request"
            await ask(host, "update-waiting-participants", participants={"*": True})
            joined = await eve.receive()
            assert (joined["type"], joined["you"]["user_name"]) == ("joined", "Eve L.")
            assert joined["waiting_participants"] == [], "it is no owner"
            assert await waits(other) == []
        await eve.send("ping", id=4)
        assert await eve.expect("pong") == {"type": "pong", "id": 4}


async def test_who_is_not_let_in_or_goes_waits_no_longer(server: LiveServer, room: str) -> None:
    async with server.caller(room, owner=True) as host:
        await ask(host, "update-room", enable_knocking=True)
        for way in ("refused", "leaves", "breaks"):
            async with server.socket() as eve:
                first = await knocking(eve, room, server.token(room))
                await eve.send("request-access")
                assert [each["id"] for each in await waits(host)] == [first["id"]]
                if way == "refused":
                    answer = {first["id"]: False}
                    await ask(host, "update-waiting-participants", participants=answer)
                    code, heard = await eve.closed()
                    assert (code, heard[-1]["error"]) == (4401, "not-allowed")
                elif way == "leaves":
                    await eve.send("leave")
                    assert (await eve.closed())[0] == 1000
                else:
                    eve.connection.transport.abort()
                if way != "refused":  # there it came before the answer
                    assert await waits(host) == []


async def test_who_waits_may_say_little_and_who_cannot_wait_is_refused(
    server: LiveServer, room: str
) -> None:
    async with server.caller(room, owner=True) as host:
        await ask(host, "update-room", enable_knocking=True)
        async with server.socket() as eve:
            assert (await knocking(eve, room, server.token(room)))["type"] == "waiting"
            await eve.send("update", audio=True)
            assert (await eve.closed())[0] == 4400
        async with server.socket() as bob:
            await bob.send("join", room=room, token=server.token(room))
            assert (await bob.receive())["error"] == "not-allowed"
        standup = server.sfu.rooms.get(room)
        assert standup is not None
        assert standup.lobby.empty


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("update-participants", {"id": 1, "participants": {"s": {"mute": ["film"]}}}),
        ("update-participants", {"id": 1, "participants": {"s": {"eject": True, "ban": -1}}}),
        ("update-participants", {"id": 1, "participants": ["s"]}),
        ("update-participants", {"participants": {}}),
        ("update-room", {"id": 1, "max_participants": 0}),
        ("update-room", {"id": 1, "locked": "yes"}),
        ("set-session-data", {"id": 1}),
        ("unmute", {"sources": ["audio"] * 9}),
    ],
)
async def test_malformed_ones_change_nothing(
    kind: str, members: dict[str, Any], server: LiveServer, room: str
) -> None:
    async with server.caller(room, owner=True) as host:
        await host.send(kind, **members)
        assert (await host.expect("error"))["error"] == "bad-message"
