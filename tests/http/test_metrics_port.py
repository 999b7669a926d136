"""Metrics at a port of their own: who gets to them there, and that nobody does elsewhere."""

import asyncio
import socket
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import pytest

from fastsfu.errors import ConfigError
from fastsfu.http import metrics_port
from fastsfu.http.door import MOST_INNER
from tests.support.domain_peer import until
from tests.support.server import LiveServer, live_server, successor_of
from tests.support.stun import message

LOOPBACK = "127.0.0.1"
KEY = "only-for-the-tests-abcdef-0123456789"
SCRAPER = [{"id": "prometheus", "key": KEY, "scopes": ["metrics"]}]


async def scraped(server: LiveServer, path: str = "metrics", key: str = "") -> httpx.Response:
    """At the port of its own, by a connection of its own."""
    url = f"https://localhost:{server.uvicorn.metrics.port}/{path}"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(verify=server.tls) as http:
        return await http.get(url, headers=headers)


async def test_this_machine_reads_them_there_and_nobody_at_the_port_of_clients() -> None:
    shown = {"Authorization": f"Bearer {KEY}"}
    async with live_server(metrics_port=0, api_keys=SCRAPER, media_ips=["9.9.9.9"]) as server:
        answer = await scraped(server)
        assert answer.status_code == 200
        assert "\nfastsfu_sessions 0" in answer.text
        assert "\nfastsfu_tcp_connections 0" in answer.text  # of clients
        assert (await server.http.get("metrics", headers=shown)).status_code == 404
        for path in ("", "v1/rooms", "healthz", "r/room"):
            assert (await scraped(server, path)).status_code == 404


async def test_where_others_get_to_it_they_show_a_key() -> None:
    async with live_server(metrics_port=0, metrics_host="0.0.0.0", api_keys=SCRAPER) as server:
        assert (await scraped(server)).status_code == 401
        assert (await scraped(server, key=KEY)).status_code == 200
    async with live_server(metrics_port=0, metrics_host="0.0.0.0") as server:
        assert (await scraped(server)).status_code == 403


async def test_it_takes_no_media_and_no_plain_http() -> None:
    async with live_server(metrics_port=0, proxy_networks=["127.0.0.0/8"]) as server:
        port = server.uvicorn.metrics.port
        for sent in (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", message(b"")):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(sent)
            async with asyncio.timeout(10):
                assert await reader.read() == b""
            writer.close()
        reader, writer = await asyncio.open_connection(LOOPBACK, port, ssl=server.tls)
        writer.write(message(b""))
        with suppress(ConnectionResetError):
            async with asyncio.timeout(10):
                assert await reader.read() == b""
        writer.close()
        assert (await scraped(server)).status_code == 200


async def test_who_says_nothing_keeps_nobody_out() -> None:
    async with live_server(metrics_port=0) as server, AsyncExitStack() as stack:
        for _ in range(MOST_INNER):
            _, writer = await asyncio.open_connection(LOOPBACK, server.uvicorn.metrics.port)
            stack.callback(writer.close)
        assert (await scraped(server)).status_code == 200


async def test_a_port_that_is_taken_stops_the_start() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"TCP {LOOPBACK}:{port}"):
            async with live_server(metrics_port=port):
                raise AssertionError


async def test_a_next_process_that_could_never_have_it_does_not_take_over(tmp_path: Path) -> None:
    async with live_server(control=tmp_path / "c", metrics_port=0) as one:
        config = one.sfu.config.model_copy(update={"metrics_host": "192.0.2.1"})
        with pytest.raises(ConfigError, match=r"TCP 192\.0\.2\.1:0: Cannot assign"):
            async with successor_of(one, config):
                raise AssertionError
        assert (await scraped(one)).status_code == 200


async def test_a_next_process_says_that_it_still_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(metrics_port, "PATIENCE", 0.0)
    monkeypatch.setattr(metrics_port, "RETRY_SECONDS", 0.01)
    async with live_server(control=tmp_path / "c") as one:
        with socket.create_server((LOOPBACK, 0)) as taken:
            port = taken.getsockname()[1]
            config = one.sfu.config.model_copy(update={"metrics_port": port})
            async with successor_of(one, config) as other:
                said = f"TCP {LOOPBACK}:{port}: Address already in use"
                await until("a warning", lambda: said in caplog.text)
                taken.close()
                await until("the port to be free", lambda: other.uvicorn.metrics.port == port)
        assert caplog.text.count(said) == 1


async def test_the_next_process_has_it(tmp_path: Path) -> None:
    """A scraper that keeps its connection too asks that one from then on."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(live_server(control=tmp_path / "c", metrics_port=0))
        port = one.uvicorn.metrics.port
        limits = httpx.Limits(keepalive_expiry=None)
        address = f"https://localhost:{port}"
        client = httpx.AsyncClient(base_url=address, verify=one.tls, limits=limits)
        scraper = await stack.enter_async_context(client)
        assert "\nfastsfu_rooms 0" in (await scraper.get("metrics")).text
        config = one.sfu.config.model_copy(update={"metrics_port": port})
        other = await stack.enter_async_context(successor_of(one, config))
        other.sfu.rooms.create("r")
        await until("the port to be free", lambda: other.uvicorn.metrics.port == port)
        assert (await scraped(other)).status_code == 200
        assert "\nfastsfu_rooms 1" in (await scraper.get("metrics")).text
