"""A real Prometheus reads a server's metrics, and evaluates the alerts over them."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deploy.test_deploy import DEPLOY, dashboard_queries
from tests.support.pebble import free_port
from tests.support.server import LiveServer, live_server

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="no prometheus here")


@asynccontextmanager
async def prometheus(server: LiveServer, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Its API."""
    scraped = {
        "job_name": "fastsfu",
        "scheme": "https",
        "tls_config": {"insecure_skip_verify": True},
        "static_configs": [{"targets": [f"127.0.0.1:{server.uvicorn.metrics.port}"]}],
    }
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(DEPLOY / "prometheus" / "alerts.yaml")],
        "scrape_configs": [scraped],
    }
    written = folder / "prometheus.json"  # JSON is YAML
    written.write_text(json.dumps(config))
    address = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        *("prometheus", f"--config.file={written}", f"--storage.tsdb.path={folder / 'data'}"),
        *(f"--web.listen-address={address}", "--log.level=error"),
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://{address}/api/v1/") as api:
            yield api
    finally:
        process.terminate()
        await process.wait()


async def asked(api: httpx.AsyncClient, path: str, **query: str) -> Any:
    """None while it is starting."""
    try:
        answer = await api.get(path, params=query)
    except httpx.TransportError:
        return None
    return answer.json()["data"] if answer.status_code == 200 else None


async def test_it_takes_all_metrics_and_evaluates_all_alerts(tmp_path: Path) -> None:
    async with live_server(metrics_port=0) as server, prometheus(server, tmp_path) as api:
        async with asyncio.timeout(60):
            while not await values(api, "fastsfu_rtt_seconds_gcount"):
                await asyncio.sleep(0.1)
            while not (rules := await evaluated(api)):
                await asyncio.sleep(0.1)
        assert [each["lastError"] for each in rules if each["health"] != "ok"] == []
        assert await values(api, "up") == ["1"]
        assert await values(api, "fastsfu_rooms") == ["0"]
        for each in dashboard_queries():
            query = each.replace("$__rate_interval", "1m").replace("$job", ".*")
            assert await asked(api, "query", query=query.replace("$instance", ".*")) is not None


async def values(api: httpx.AsyncClient, query: str) -> list[str]:
    found = await asked(api, "query", query=query)
    return [each["value"][1] for each in found["result"]] if found else []


async def evaluated(api: httpx.AsyncClient) -> list[dict[str, Any]]:
    """All rules, once each has been."""
    found = await asked(api, "rules")
    rules = [rule for group in found["groups"] for rule in group["rules"]] if found else []
    return rules if all(each["health"] != "unknown" for each in rules) else []
