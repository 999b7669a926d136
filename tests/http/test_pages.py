"""Pages and files: the right types, ETags, security headers, errors; below any prefix."""

import asyncio
import gc
import re

import httpx
import pytest
from fastapi import FastAPI

import fastsfu
from fastsfu.http.api.document import document
from fastsfu.http.app import routes
from fastsfu.http.keys import KeyCheck
from fastsfu.http.pages import TYPES, WEB
from tests.support.server import PUBLISH, LiveServer, live_server


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("", TYPES[".html"]),
        ("r/standup", TYPES[".html"]),
        ("sdk/fastsfu.js", TYPES[".js"]),
        ("sdk/fastsfu.d.ts", TYPES[".ts"]),
        ("landing/landing.css", TYPES[".css"]),
    ],
)
async def test_file_is_served_and_revalidated(
    server: LiveServer, path: str, content_type: str
) -> None:
    answer = await server.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert answer.headers["cache-control"] == "no-cache"
    tag = answer.headers["etag"]
    again = await server.http.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


async def test_every_file_of_the_call_page_is_there(server: LiveServer) -> None:
    page = (await server.http.get("r/standup")).text
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert links
    for link in links:
        assert not re.match(r"(https?:)?/", link), f"{link} would break below a prefix"
        answer = await server.http.get(httpx.URL(server.url).join("r/standup").join(link))
        assert answer.status_code == 200, link


@pytest.mark.parametrize("folder", ["call", "sdk", "landing"])
async def test_files_outside_are_not_served(server: LiveServer, folder: str) -> None:
    assert (WEB.parent / "config.py").is_file()
    for path in ("..%2f..%2fconfig.py", "%2e%2e/%2e%2e/config.py", "nothing.js", ""):
        answer = await server.http.get(f"{folder}/{path}")
        assert answer.status_code == 404
        assert answer.json()["error"] == "not-found"


@pytest.mark.parametrize("name", ["-x", "a b", "a%0Ab", "%C3%A4", "x" * 129])
async def test_names_that_no_room_has(server: LiveServer, name: str) -> None:
    answer = await server.http.get(f"r/{name}")
    assert (answer.status_code, answer.json()["error"]) == (404, "no-room")


@pytest.mark.parametrize("path", ["nothing", "r/-x", "r/a%0Ab", "v1/nothing", "call/nothing.html"])
async def test_people_are_answered_with_a_page(server: LiveServer, path: str) -> None:
    answer = await server.http.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, TYPES[".html"])
    assert "Nothing is here" in answer.text
    for link in re.findall(r'href="([^"]+)"', answer.text):
        target = await server.http.get(httpx.URL(server.url).join(path).join(link))
        assert target.status_code == 200, link


async def test_the_page_asks_whether_its_token_is_good(server: LiveServer, room: str) -> None:
    async def may_join(token: str | None) -> tuple[int, str]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = await server.http.get(f"r/{room}/may-join", headers=headers)
        return answer.status_code, answer.json()["error"] if answer.content else ""

    assert await may_join(server.token(room)) == (204, "")
    assert await may_join(None) == (403, "not-allowed")
    assert await may_join(server.token("elsewhere")) == (403, "not-allowed")
    assert await may_join(server.token(room, expires_in=-60)) == (401, "exp-token")
    assert await may_join(server.token(room, expires_in=None, not_before=4e9)) == (401, "nbf-token")
    async with live_server(open_rooms=True) as open_server:
        assert (await open_server.http.get("r/any/may-join")).status_code == 204


async def test_landing_leads_to_a_room_when_rooms_are_open(server: LiveServer) -> None:
    assert "<form" not in (await server.http.get("")).text
    async with live_server(open_rooms=True) as open_server:
        assert '<form action="r"' in (await open_server.http.get("")).text
        answer = await open_server.http.get("r", params={"room": "stand-up"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/r/stand-up")


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "nowhere", 404, "not-found"),
        ("POST", "healthz", 405, "method-not-allowed"),
        ("GET", "v1/whip/r", 405, "method-not-allowed"),
    ],
)
async def test_errors_are_json(
    server: LiveServer, method: str, path: str, status: int, error: str
) -> None:
    answer = await server.http.request(method, path)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert "strict-transport-security" in answer.headers


async def test_health(server: LiveServer) -> None:
    assert (await server.http.get("healthz")).text == "ok\n"
    assert (await server.http.get("readyz")).text == "ok\n"


async def test_not_ready_while_draining() -> None:
    async with live_server() as server:
        await server.sfu.drain(0)
        answer = await server.http.get("readyz")
        assert (answer.status_code, answer.json()["error"]) == (503, "end-of-life")
        assert (await server.http.get("healthz")).status_code == 200
        async with server.socket() as socket:
            await socket.send("join", room="r", token=server.token("r"))
            code, messages = await socket.closed()
            assert (code, messages[-1]["error"]) == (1001, "end-of-life")


async def test_a_full_server_goes_on_and_says_when_to_come_again() -> None:
    async with live_server(workers=1, max_transports=1) as server, server.caller("r") as caller:
        async with server.socket() as socket:
            await socket.send("join", room="s", token=server.token("s"))
            code, messages = await socket.closed()
            assert (code, messages[-1]["error"]) == (1013, "no-capacity")
        headers = {"Authorization": f"Bearer {server.token('s')}"}
        offer = {**headers, "Content-Type": "application/sdp"}
        answer = await server.http.post("v1/whip/s", content=PUBLISH, headers=offer)
        assert (answer.status_code, answer.json()["error"]) == (503, "no-capacity")
        assert int(answer.headers["retry-after"]) > 0
        answer = await server.http.get("readyz")
        assert (answer.status_code, answer.json()["error"]) == (503, "no-capacity")
        await caller.send("ping", id=1)
        await caller.expect("pong")


async def test_mounted_below_a_prefix_it_opens_itself(server: LiveServer) -> None:
    """The example of the README: no lifespan, no `async with`."""
    sfu = fastsfu.SFU(server.sfu.config)
    outer = FastAPI()
    outer.mount("/calls", fastsfu.asgi_app(sfu))
    transport = httpx.ASGITransport(outer)
    async with httpx.AsyncClient(transport=transport, base_url="https://x") as http:
        assert not sfu.running
        assert (await http.get("/calls/readyz")).status_code == 200
        assert sfu.running
        page = await http.get("/calls/r/standup")
        assert page.status_code == 200
        named = await http.get("/calls/r", params={"room": "a"})
        assert named.headers["location"] == "/calls/r/a"
    await sfu.__aexit__(None, None, None)


async def test_mounted_it_is_open_until_its_loop_ends_also_when_nobody_has_it_any_more(
    server: LiveServer,
) -> None:
    sfu = fastsfu.SFU(server.sfu.config)

    async def ask() -> None:
        transport = httpx.ASGITransport(fastsfu.asgi_app(sfu))
        async with httpx.AsyncClient(transport=transport, base_url="https://x") as http:
            assert (await http.get("/readyz")).status_code == 200

    async def is_open() -> bool:
        await ask()
        gc.collect()
        return sfu.running

    assert await asyncio.to_thread(asyncio.run, is_open())
    assert not sfu.running


async def test_opens_with_the_lifespan_of_its_own(server: LiveServer) -> None:
    sfu = fastsfu.SFU(server.sfu.config)
    app = fastsfu.asgi_app(sfu)
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        if not sent:
            return {"type": "lifespan.startup"}
        assert sfu.running
        return {"type": "lifespan.shutdown"}

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert not sfu.running


async def test_an_entered_sfu_is_left_to_its_owner(server: LiveServer) -> None:
    async with fastsfu.SFU(server.sfu.config) as sfu:
        transport = httpx.ASGITransport(fastsfu.asgi_app(sfu))
        async with httpx.AsyncClient(transport=transport, base_url="https://x") as http:
            assert (await http.get("/readyz")).status_code == 200
        assert sfu.running
    assert not sfu.running


def test_every_path_is_documented() -> None:
    documented = (WEB.parent.parent / "docs" / "http.md").read_text()
    sfu = fastsfu.SFU(fastsfu.Config())
    paths = {route.path for route in routes(sfu, KeyCheck(sfu))} | document()["paths"].keys()
    assert len(paths) >= 12
    for path in paths:
        # What WHIP and WHEP make has one line for both, with and without a slash at the end.
        plain = (path.rstrip("/") or "/").removesuffix("/{resource}")
        assert plain in documented, path
