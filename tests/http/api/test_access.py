"""What all routes of the REST interface have in common: keys, rates, repeated requests."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

import fastsfu
from fastsfu.http.answers import HttpError
from fastsfu.http.api.document import document
from fastsfu.http.api.idempotency import Idempotency
from fastsfu.room.records import InMemory
from fastsfu.store.store import Store
from tests.http.conftest import API_KEY
from tests.support.server import DEFAULTS, LiveServer, live_server

KEY = {"Authorization": f"Bearer {API_KEY}"}
READER, MAKER = "reader-" + "0" * 32, "maker-" + "0" * 32
KEYS = [
    {"id": "reader", "key": READER, "scopes": ["read-only"]},
    {"id": "maker", "key": MAKER, "scopes": ["tokens"]},
]


def shown(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_a_key_opens_what_its_scopes_say() -> None:
    token, said = ("v1/meeting-tokens", {"room": "r"}), ("v1/rooms/r/send-app-message", {"data": 1})
    async with live_server(api_keys=KEYS) as server:
        for key, (path, body), status in (
            (MAKER, token, 200),
            (READER, token, 403),
            (MAKER, said, 403),
            (READER, said, 403),
        ):
            answer = await server.http.post(path, json=body, headers=shown(key))
            assert answer.status_code == status
        for key in (MAKER, READER):
            assert (await server.http.get("metrics", headers=shown(key))).status_code == 403


async def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    async with live_server(api_keys=KEYS, api_key=API_KEY, api_requests_per_second=0.5) as server:
        answers = [await ask(server, MAKER) for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 429, 429]
        assert answers[-1].json()["error"] == "rate-limit"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 4
        assert (await ask(server, API_KEY)).status_code == 200, "each key has a rate of its own"
        assert (await ask(server, "wrong")).status_code == 401


async def ask(server: LiveServer, key: str, **headers: str) -> httpx.Response:
    headers = {**shown(key), **headers}
    return await server.http.post("v1/meeting-tokens", json={"room": "r"}, headers=headers)


async def test_the_same_request_gets_the_same_answer(server: LiveServer) -> None:
    name = {"Idempotency-Key": "once"}
    first = await ask(server, API_KEY, **name)
    again = await ask(server, API_KEY, **name)
    assert first.json() == again.json() != (await ask(server, API_KEY)).json()
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["cache-control"] == "no-store"
    assert "idempotent-replayed" not in first.headers


async def test_another_request_of_the_same_name_is_refused(server: LiveServer) -> None:
    headers = {**KEY, "Idempotency-Key": "twice"}

    async def make(**body: Any) -> int:
        return (await server.http.post("v1/meeting-tokens", json=body, headers=headers)).status_code

    assert await make(room="a b") == 400  # what failed has not been
    assert await make(room="a") == 200
    assert await make(room="b") == 422
    assert (await ask(server, API_KEY, **{"Idempotency-Key": "x" * 256})).status_code == 400


async def test_an_answer_is_given_again_after_a_restart(tmp_path: Path) -> None:
    path, answers = tmp_path / "calls.db", []
    for _ in range(2):
        records = Store(f"sqlite:///{path}")
        async with live_server(sfu_options={"records": records}, api_key=API_KEY) as server:
            headers = {**KEY, "Idempotency-Key": "made"}
            body = {"name": "standup"}
            made = await server.http.post("v1/rooms", json=body, headers=headers)
            assert made.status_code == 201
            assert made.json()["name"] == "standup"
            answers.append(made)
            token = (await ask(server, API_KEY, **{"Idempotency-Key": "token"})).json()["token"]
    assert "idempotent-replayed" not in answers[0].headers
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert answers[0].json() == answers[1].json()
    assert not any(token.encode() in each.read_bytes() for each in tmp_path.iterdir())


async def test_an_unknown_parameter_is_refused(server: LiveServer) -> None:
    answer = await server.http.get("v1/rooms", params={"limit": 1, "limti": 2}, headers=KEY)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad-request")
    assert "limti" in answer.json()["info"]


async def test_what_comes_while_the_first_is_in_work_waits_outside() -> None:
    headers = [(b"idempotency-key", b"slow")]
    request = Request({"type": "http", "path": "/", "headers": headers, "server": ("a", 1)})
    done, idempotency = asyncio.Event(), Idempotency(InMemory())

    async def answer() -> Response:
        await done.wait()
        return Response(b"made", 201)

    first = asyncio.ensure_future(idempotency.once("a", request, b"", answer))
    await asyncio.sleep(0)
    with pytest.raises(HttpError) as caught:
        await idempotency.once("a", request, b"", answer)
    assert caught.value.status == 409
    done.set()
    assert (await first).status_code == 201
    again = await idempotency.once("a", request, b"", answer)
    assert (again.status_code, again.body) == (201, b"made")


async def test_the_document_names_all_routes(server: LiveServer) -> None:
    answer = await server.http.get("v1/openapi.json")
    assert answer.json()["paths"] == document()["paths"]
    assert answer.json()["servers"] == [{"url": "/"}]
    for path, operations in document()["paths"].items():
        for operation in operations.values():
            assert operation["description"], f"{path} says nothing"
            assert {"4XX", "5XX"} < operation["responses"].keys()
            assert operation["security"] == [{"HTTPBearer": []}]
    page = (await server.http.get("v1/docs")).text
    assert all(path in page for path in document()["paths"])
    assert "<script" not in page
    assert "style=" not in page


@pytest.mark.parametrize("token", ["", "x.y.z", "gone"])
async def test_tokens_are_looked_into(server: LiveServer, room: str, token: str) -> None:
    signed = server.token(room, name="Ada", user_id="u1", owner=True)
    answer = await inspect(server, signed)
    assert (answer.json()["room"], answer.json()["user_id"]) == (room, "u1")
    assert (answer.json()["name"], answer.json()["owner"]) == ("Ada", True)
    expired = server.sfu.tokens.sign(room, expires_in=60, now=1000.0)
    answer = await inspect(server, expired if token == "gone" else token)
    wanted = "exp-token" if token == "gone" else "not-allowed"
    assert (answer.status_code, answer.json()["error"]) == (400, wanted)


async def inspect(server: LiveServer, token: str) -> httpx.Response:
    body = {"token": token}
    return await server.http.post("v1/meeting-tokens/inspect", json=body, headers=KEY)


async def test_the_document_of_a_mounted_application_has_its_prefix() -> None:
    app = FastAPI()
    app.mount("/calls", fastsfu.asgi_app(fastsfu.SFU(fastsfu.Config(**DEFAULTS))))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://x") as http:
        answer = await http.get("/calls/v1/openapi.json")
        assert answer.json()["servers"] == [{"url": "/calls"}]
        assert "'/calls/v1/openapi.json'" in (await http.get("/calls/v1/docs")).text
