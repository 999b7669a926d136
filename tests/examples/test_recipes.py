"""Each recipe for embedding: two people get into a call through the application, and talk."""

import asyncio
import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from aiohttp import web

import fastsfu.client
from fastsfu import testing
from fastsfu.http.tls import self_signed
from tests.support.server import SECRET

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {
    "FASTSFU_HOST": "127.0.0.1",
    "FASTSFU_MEDIA_PORT": "0",
    "FASTSFU_MEDIA_TCP_PORT": "0",
    "FASTSFU_WORKERS": "1",
    "FASTSFU_SECRET": SECRET,
}


@pytest.fixture
def recipe(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example of that name, with the options of a test."""
    for name, value in OPTIONS.items():
        monkeypatch.setenv(name, value)
    return importlib.import_module(f"examples.{request.param}")


async def token_of(http: httpx.AsyncClient, guest: str) -> str:
    answer = await http.post("/meetings/standup/guests", params={"guest": guest})
    assert answer.status_code == 200
    token: str = answer.json()["token"]
    assert token in answer.json()["link"]
    return token


async def talk(calls: str, trust: Any, tokens: list[str]) -> None:
    joining = [
        fastsfu.client.join(calls, room="standup", token=token, ssl=trust) for token in tokens
    ]
    async with asyncio.timeout(60), joining[0] as ada, joining[1] as bob:
        names = {each["user_name"] for each in bob.participants().values()}
        assert names == {"Ada", "Bob"}
        heard: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        bob.once("app-message", heard.set_result)
        ada.send_app_message("hello")
        assert (await heard)["data"] == "hello"


@pytest.mark.parametrize(
    ("recipe", "prefix", "making"),
    [
        ("fastapi_app", "calls", ("/meetings", {"name": "standup"})),
        ("starlette_app", "team/calls", None),
        ("django_app", "calls", ("/meetings/standup", None)),
    ],
    indirect=["recipe"],
)
async def test_asgi(recipe: ModuleType, prefix: str, making: Any) -> None:
    async with (
        testing.serving(recipe.app) as served,
        httpx.AsyncClient(base_url=served.url, verify=served.ssl) as http,
    ):
        if making is not None:
            path, body = making
            statuses = [(await http.post(path, json=body)).status_code for _ in range(2)]
            assert statuses == [200, 409]
        tokens = [await token_of(http, name) for name in ("Ada", "Bob")]
        page = await http.get(f"/{prefix}/r/standup")
        assert (page.status_code, page.headers["content-type"][:9]) == (200, "text/html")
        await talk(served.url + prefix, served.ssl, tokens)
        assert recipe.sfu.running
    assert not recipe.sfu.running


@pytest.mark.parametrize("recipe", ["aiohttp_app"], indirect=True)
async def test_aiohttp_beside(recipe: ModuleType, tmp_path: Path, unused_tcp_port: int) -> None:
    pair = self_signed(["localhost"], ["127.0.0.1"])
    tls = {"ssl_certfile": f"{tmp_path}/cert.pem", "ssl_keyfile": f"{tmp_path}/key.pem"}
    Path(tls["ssl_certfile"]).write_bytes(pair.chain)
    Path(tls["ssl_keyfile"]).write_bytes(pair.key)
    trust = testing.trusting(pair.chain)
    options = {"host": "127.0.0.1", "port": unused_tcp_port, **tls}
    runner = web.AppRunner(recipe.application(options))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as http:
            statuses = [(await http.post("/meetings/standup")).status_code for _ in range(2)]
            assert statuses == [200, 409]
            tokens = [await token_of(http, name) for name in ("Ada", "Bob")]
        await talk(f"https://localhost:{unused_tcp_port}/", trust, tokens)
    finally:
        await runner.cleanup()
    assert not recipe.sfu.running


def test_the_tests_of_an_application_run() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "examples/test_an_application.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("..."), "three tests"
