"""Tokens and metrics over HTTP."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from fastsfu.auth.permissions import NOTHING
from fastsfu.config import Config
from fastsfu.http import metrics
from fastsfu.http.metrics import TOTALS, StreamTotals
from fastsfu.sfu import SFU
from tests.http.conftest import API_KEY
from tests.support import page
from tests.support.domain_peer import until
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.server import PUBLISH, WATCH, LiveServer, live_server

CONFIG = Config(media_ips=["192.0.2.10"])
KEY = {"Authorization": f"Bearer {API_KEY}"}


async def test_token_opens_its_room(server: LiveServer, room: str) -> None:
    exp = int(time.time()) + 60
    wanted = {"room": room, "name": "Ada", "owner": True, "publish": False, "exp": exp}
    answer = await server.http.post("v1/meeting-tokens", json=wanted, headers=KEY)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    grant = server.sfu.tokens.verify(answer.json()["token"], room)
    assert (grant.name, grant.owner, grant.publish, grant.subscribe) == (
        "Ada",
        True,
        NOTHING,
        True,
    )
    assert grant.expires_at == pytest.approx(exp, abs=2)


@pytest.mark.parametrize(
    ("body", "info"),
    [
        ({}, "room"),
        ({"room": "a b"}, "room"),
        ({"room": "r", "ownr": True}, "ownr"),
        ({"room": "r", "owner": "yes"}, "owner"),
        ({"room": "r", "exp": 1}, "past"),
        ({"room": "r", "exp": float("nan")}, "exp"),
        ([], "object"),
    ],
)
async def test_bad_token_request(server: LiveServer, body: Any, info: str) -> None:
    headers = {**KEY, "Content-Type": "application/json"}
    answer = await server.http.post("v1/meeting-tokens", content=json.dumps(body), headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad-request")
    assert info in answer.json()["info"]


async def test_body_that_is_no_json(server: LiveServer) -> None:
    headers = {**KEY, "Content-Type": "application/json"}
    for content, status in ((b"{", 400), (b"\xff", 400), (b" " * 20_000, 413)):
        answer = await server.http.post("v1/meeting-tokens", content=content, headers=headers)
        assert answer.status_code == status
    answer = await server.http.post("v1/meeting-tokens", content=b"{}", headers=KEY)
    assert answer.status_code == 415


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", f"Basic {API_KEY}"])
async def test_wrong_api_key(server: LiveServer, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path in (("POST", "v1/meeting-tokens"), ("GET", "metrics")):
        answer = await server.http.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "not-allowed")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_without_api_key() -> None:
    async with live_server() as server:
        answer = await server.http.post("v1/meeting-tokens", json={"room": "r"})
        assert (answer.status_code, answer.json()["error"]) == (403, "not-allowed")
        assert "FASTSFU_API_KEY" in answer.json()["info"]
        assert (await server.http.get("metrics")).status_code == 200


async def test_metrics_of_a_public_server_are_for_who_has_the_key() -> None:
    async with live_server(media_ips=["192.0.2.10", "8.8.8.8"]) as server:
        assert (await server.http.get("metrics")).status_code == 403
    async with live_server(media_ips=["8.8.8.8"], api_key=API_KEY) as server:
        assert (await server.http.get("metrics")).status_code == 401
        assert (await server.http.get("metrics", headers=KEY)).status_code == 200


async def test_scrapes_cost_no_more_than_their_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would take 0.1 s; after five at once one comes about every two seconds."""
    now, spent, made = 100.0, 0.0, 0

    def generate(_: object) -> bytes:
        nonlocal spent, made
        spent, made = spent + 0.1, made + 1
        return b"%d" % made

    monkeypatch.setattr(metrics, "generate_latest", generate)
    monkeypatch.setattr(metrics.time, "monotonic", lambda: now)
    monkeypatch.setattr(metrics.time, "thread_time", lambda: spent)
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(RecordingEngine())]) as sfu:
        scrapes = metrics.Scrapes(sfu)
        for _ in range(100):
            scrapes.text()
        assert made == 6
        for _ in range(100):
            now += 0.1
            assert scrapes.text() == b"%d" % made
        assert 10 <= made <= 12


async def scrape(server: LiveServer) -> list[Sample]:
    answer = await server.http.get("metrics", headers=KEY)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    return [s for family in text_string_to_metric_families(answer.text) for s in family.samples]


async def test_metrics_count_what_is_there(server: LiveServer, room: str) -> None:
    def value(samples: list[Sample], name: str, **labels: str) -> float:
        return next(s.value for s in samples if s.name == name and s.labels == labels)

    async with server.caller(room) as ada, server.caller(room) as bob:
        await ada.offer(PUBLISH)
        await bob.offer(WATCH)

        async def counted() -> list[Sample] | None:  # a text may be a moment old
            samples = await scrape(server)
            told = value(samples, "fastsfu_sessions")
            return samples if told == len(server.sfu.sessions) else None

        samples = await page.until("all to be counted", counted)
        assert samples is not None
        assert value(samples, "fastsfu_sessions") >= 2
        assert value(samples, "fastsfu_rooms") >= 1
        assert any(s.name.startswith("fastsfu_worker_") for s in samples)
        assert value(samples, "process_resident_memory_bytes") > 1e6


FIELDS = [("handle", "u8"), ("row", "u1"), ("kind", "u1")]
COLUMNS = sorted({total.column for totals in TOTALS.values() for total in totals})


def snapshot(*rows: dict[str, int]) -> np.ndarray:
    table = np.zeros(len(rows), dtype=[*FIELDS, *((name, "u8") for name in ("worker", *COLUMNS))])
    for at, row in enumerate(rows):
        for name, number in row.items():
            table[at][name] = number
    return table


def test_totals_are_of_all_streams_and_never_fall() -> None:
    totals = StreamTotals()
    ended = snapshot({"row": 0, "kind": 0}, {"row": 0, "kind": 1}, {"row": 1, "kind": 1})

    def packets(*rows: dict[str, int]) -> float:
        families = list(totals.update(snapshot(*rows), ended))
        samples = next(f for f in families if f.name.endswith("packets_received")).samples
        return next(s.value for s in samples if s.labels == {"kind": "video"})

    assert packets({"handle": 1, "row": 0, "kind": 1, "packets": 10}) == 10
    one = {"handle": 1, "row": 0, "kind": 1, "packets": 15}
    assert packets(one, {"handle": 2, "row": 0, "kind": 1, "packets": 5}) == 20
    assert packets({"handle": 2, "row": 0, "kind": 1, "packets": 6}) == 20, "one is on the move"
    ended[1]["packets"] = 17  # two more came before it ended
    assert packets({"handle": 2, "row": 0, "kind": 1, "packets": 6}) == 23
    assert packets({"handle": 3, "row": 1, "kind": 1, "packets": 9}) == 23, (
        "that is an outbound one"
    )
    ended[1]["packets"] += 6 + 100  # one that came and went between two looks
    assert packets() == 123


@asynccontextmanager
async def in_work(
    server: LiveServer, path: str, header: str, begun: str
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A POST whose body has only begun; at the end the server is done with it."""
    kind = "application/sdp" if path.startswith("whip") else "application/json"
    head = (
        f"POST /v1/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        f"Authorization: Bearer {server.token('gone') if 'whip' in path else API_KEY}\r\n"
        f"{header}\r\n\r\n{begun}"
    )
    reader, writer = await asyncio.open_connection("localhost", server.port, ssl=server.tls)
    writer.write(head.encode())
    await writer.drain()
    await until("the request to be in work", lambda: bool(server.uvicorn.server_state.tasks))
    yield reader, writer
    await until("it to end", lambda: not server.uvicorn.server_state.tasks)
    writer.close()


@pytest.mark.parametrize("path", ["whip/gone", "meeting-tokens"])
async def test_client_that_leaves_in_the_middle_of_a_body_is_no_fault(
    server: LiveServer, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    with caplog.at_level(logging.INFO):
        async with in_work(server, path, "Content-Length: 1000", "v=0") as (_, writer):
            writer.transport.abort()
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("body", ["ZZ\r\nnot a chunk", "-5\r\nhello\r\n0\r\n\r\n", "5\r\nhello!!"])
@pytest.mark.parametrize("path", ["whip/gone", "meeting-tokens"])
async def test_chunks_that_are_none_are_a_bad_request(
    server: LiveServer, caplog: pytest.LogCaptureFixture, path: str, body: str
) -> None:
    """Also when they come while the body is being read (RFC 9112 section 7.1)."""
    with caplog.at_level(logging.INFO):
        chunk = "3\r\nv=0\r\n"
        async with in_work(server, path, "Transfer-Encoding: chunked", chunk) as (reader, writer):
            writer.write(body.encode())
            async with asyncio.timeout(10):
                answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "Traceback" not in caplog.text
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
