"""What the server writes to its logs: never a query string, a token or a key."""

import logging

import pytest

from tests.http.conftest import API_KEY
from tests.support.server import PUBLISH, LiveServer

SECRETS = ("t=", "eyJ", "Bearer", API_KEY)


async def test_access_is_logged_without_secrets(
    server: LiveServer, room: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("websockets.client").setLevel(logging.WARNING)
    token = server.token(room)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    await server.http.get(f"r/{room}", params={"t": token})
    made = await server.http.post(f"v1/whip/{room}", content=PUBLISH, headers=headers)
    await server.http.delete(made.url.join(made.headers["location"]), headers=headers)
    await server.http.get("metrics", headers={"Authorization": f"Bearer {API_KEY}"})
    async with server.caller(room) as caller:
        await caller.offer(PUBLISH)
        await caller.offer("v=0")
        await caller.send("resume", session_id="s", resume_key=caller.joined["resume_key"])
        await caller.receive()
    async with server.socket() as stranger:
        await stranger.send("join", room=room, token=token[:-2])
        await stranger.closed()
    access = [record for record in caplog.records if record.name == "fastsfu.access"]
    lines = "\n".join(record.getMessage() for record in access)
    assert f"GET '/r/{room}' 200" in lines
    assert f"POST '/v1/whip/{room}' 201" in lines
    for secret in (*SECRETS, token, caller.joined["resume_key"]):
        assert secret not in caplog.text


async def test_a_path_cannot_forge_lines(
    server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "fastsfu.access")
    await server.http.get("x%0aINFO forged")
    assert r"'/x\nINFO forged' 404" in caplog.text
