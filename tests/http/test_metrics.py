"""/metrics says how clients fare; /readyz that there is a place for one more."""

import asyncio
from collections.abc import Mapping

import numpy as np
import pytest
from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from fastsfu.auth.tokens import Grant
from fastsfu.config import Config
from fastsfu.http import outcome_metrics
from fastsfu.http.outcome_metrics import ROUND_TRIPS
from fastsfu.session.outcomes import Distribution, Outcomes
from fastsfu.sfu import SFU
from tests.support.domain_peer import until
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.server import PUBLISH, LiveServer, live_server


async def scrape(server: LiveServer) -> dict[str, float]:
    """By name and labels, as the text shows them."""
    answer = await server.http.get("metrics")
    families = text_string_to_metric_families(answer.text)
    return named(list(families))


def named(families: list[Metric]) -> dict[str, float]:
    samples = [each for family in families for each in family.samples]
    return {each.name + _shown(each.labels): each.value for each in samples}


def _shown(labels: Mapping[str, str]) -> str:
    return "".join(f" {name}={value}" for name, value in labels.items())


@pytest.fixture(autouse=True)
def _no_old_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastsfu.http.metrics.CPU_AT_ONCE", 1e6)


async def test_who_went_without_a_word_counts_as_lost() -> None:
    async with live_server() as server, server.socket() as gone, server.caller("r"):
        await gone.join("r", server.token("r"))
        await gone.offer(PUBLISH)
        counted = await scrape(server)
        assert (counted["fastsfu_sessions"], counted["fastsfu_sessions_lost"]) == (2, 0)
        gone.connection.transport.abort()
        session = server.sfu.sessions[gone.joined["session_id"]]
        await until("the server to know", lambda: session.line.is_lost)
        counted = await scrape(server)
        assert (counted["fastsfu_sessions"], counted["fastsfu_sessions_lost"]) == (1, 1)
        assert len(server.sfu.sessions) == 2
        session.leave("timeout")
        counted = await scrape(server)
        assert (counted["fastsfu_sessions"], counted["fastsfu_sessions_lost"]) == (1, 0)
        assert counted["fastsfu_joins_total"] == 2
        assert counted["fastsfu_leaves_total reason=timeout"] == 1
        assert counted["fastsfu_session_seconds_count"] == 1


async def test_refusals_are_counted_by_reason() -> None:
    async with live_server() as server:
        async with server.socket() as stranger:
            await stranger.send("join", room="r", token="nonsense")
            await stranger.closed()
        await server.http.post("v1/whip/r", content="v=0")
        async with server.socket(origin="https://elsewhere.example") as page:
            await page.closed()
        counted = await scrape(server)
    assert counted["fastsfu_refusals_total reason=not-allowed"] == 2
    assert counted["fastsfu_refusals_total reason=bad-origin"] == 1


async def test_a_server_shows_its_connections_and_certificate() -> None:
    async with live_server(max_connections_per_address=2) as server:
        first = await asyncio.open_connection("127.0.0.1", server.port)
        second = await asyncio.open_connection("127.0.0.1", server.port)
        third, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await third.read() == b""
        writer.close()
        for _, each in (first, second):
            each.close()
        await until("places to be free", lambda: server.uvicorn.connections == 0)
        counted = await scrape(server)
        expires = server.certificate.pair.expires_at().timestamp()
    assert counted["fastsfu_tcp_connections_refused_total"] == 1
    assert counted["fastsfu_tcp_connections"] == 1
    assert counted["fastsfu_tcp_media_connections"] == 0
    assert counted["fastsfu_certificate_expires_at_seconds"] == expires
    assert any(name.startswith("fastsfu_build_info") and "version=" in name for name in counted)


async def test_refused_connections_are_a_line_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with live_server(max_connections_per_address=1) as server:
        _, first = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            assert await reader.read() == b""
            writer.close()
        assert server.uvicorn.refused_connections == 5
        first.close()
    said = [each for each in caplog.records if "refused a connection" in each.getMessage()]
    assert len(said) == 1
    assert said[0].__dict__["address"] == "127.0.0.1"


async def test_a_full_server_is_not_ready() -> None:
    async with live_server(max_transports=1, workers=1) as server:
        assert (await server.http.get("readyz")).status_code == 200
        async with server.caller("r") as only:
            answer = await server.http.get("readyz")
            assert (answer.status_code, answer.json()["error"]) == (503, "no-capacity")
            await only.send("leave")
            await only.closed()
        assert (await server.http.get("readyz")).status_code == 200


def test_histograms_count_up_to_each_bound() -> None:
    counted = Outcomes()
    counted.connecting = Distribution((1.0, 2.0))
    for seconds in (0.5, 1.0, 1.5, 9.0):
        counted.connecting.add(seconds)
    found = named(list(outcome_metrics.outcomes(counted)))
    buckets = {name: value for name, value in found.items() if "connect_seconds" in name}
    assert buckets == {
        "fastsfu_connect_seconds_bucket le=1.0": 2,
        "fastsfu_connect_seconds_bucket le=2.0": 3,
        "fastsfu_connect_seconds_bucket le=+Inf": 4,
        "fastsfu_connect_seconds_count": 4,
        "fastsfu_connect_seconds_sum": 12.0,
    }


QUALITIES = ("rtt_us", "jitter_us", "fraction_lost", "estimate_bps")


def test_quality_is_of_what_is_known() -> None:
    rows = np.zeros(
        4, dtype=[("row", "u1"), ("packets", "u8"), *((name, "u8") for name in QUALITIES)]
    )
    rows["row"] = [0, 1, 1, 2]
    rows["packets"] = [5, 5, 5, 0]
    rows["rtt_us"] = [0, 20_000, 0, 0]  # the third has not reported yet
    rows["jitter_us"] = [3000, 1000, 0, 0]
    rows["fraction_lost"] = [128, 64, 0, 0]
    rows["estimate_bps"] = [0, 0, 0, 500_000]
    found = named(list(outcome_metrics.qualities(rows)))
    sums = {name: value for name, value in found.items() if name.endswith("_gsum")}
    assert sums == {
        "fastsfu_rtt_seconds_gsum": 0.02,
        "fastsfu_inbound_jitter_seconds_gsum": 0.003,
        "fastsfu_inbound_fraction_lost_gsum": 0.5,
        "fastsfu_outbound_jitter_seconds_gsum": 0.001,
        "fastsfu_outbound_fraction_lost_gsum": 0.25,
        "fastsfu_estimate_bps_gsum": 500_000,
    }
    assert all(found[name.replace("_gsum", "_gcount")] == 1 for name in sums)
    trips = {name: value for name, value in found.items() if "rtt_seconds_bucket" in name}
    assert list(trips.values()) == [float(bound >= 0.02) for bound in ROUND_TRIPS] + [1.0]


async def test_what_is_known_of_nothing_is_no_error() -> None:
    async with live_server() as server:
        counted = await scrape(server)
    assert counted["fastsfu_rtt_seconds_gcount"] == 0


async def test_whose_media_path_is_silent_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where signaling says nothing of it: by WHIP there is none."""
    now = 100.0
    monkeypatch.setattr(outcome_metrics.time, "monotonic", lambda: now)
    engine = RecordingEngine()
    async with SFU(
        Config(media_ips=["192.0.2.10"]), open_engines=lambda _: [media_engine(engine)]
    ) as sfu:
        session = await sfu.open_session("r", grant=Grant(room="r"))
        await session.offer(PUBLISH)
        session.path.on_path("192.0.2.1:5000", "192.0.2.10:40000")
        session.path.on_secured("AEAD_AES_128_GCM")
        assert session.path.handle is not None
        for heard_at, lost in ((0.0, 0), (95.0, 0), (91.0, 1)):
            row = np.zeros(1, dtype=[("handle", "u8"), ("row", "u1"), ("last_packet_us", "i8")])
            row["handle"], row["row"] = session.path.handle, outcome_metrics.TRANSPORT
            row["last_packet_us"] = heard_at * 1e6
            counted = named(list(outcome_metrics.sessions_now([session], {session.engine: row})))
            assert counted == {"fastsfu_sessions": 1 - lost, "fastsfu_sessions_lost": lost}
