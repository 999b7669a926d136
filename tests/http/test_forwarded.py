"""X-Forwarded-For counts where a trusted load balancer says it, and nowhere else."""

import pytest
import websockets

from fastsfu.http.forwarded import client_of
from tests.support.server import LiveServer, live_server

TRUSTED = ["10.0.0.0/8", "127.0.0.0/8"]
CLIENT, FORGED, BALANCER = "192.0.2.1", "198.51.100.9", "10.0.0.7"


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        (BALANCER, [CLIENT], CLIENT),
        (BALANCER, [f"{FORGED}, {CLIENT}"], CLIENT),
        (BALANCER, [FORGED, CLIENT], CLIENT),
        (BALANCER, [f"{FORGED}, {CLIENT}, 10.0.0.8"], CLIENT),
        (BALANCER, ["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        (BALANCER, [f"{CLIENT}:51000"], CLIENT),
        (BALANCER, ["[2001:db8::1]:51000"], "2001:db8::1"),
        (BALANCER, ["2001:db8::1"], "2001:db8::1"),
        (BALANCER, [f"{FORGED}, nobody"], None),
        (BALANCER, [f"{FORGED}, nobody, 10.0.0.8"], "10.0.0.8"),
        (BALANCER, [], None),
        (CLIENT, [FORGED], None),
    ],
)
def test_who_it_is(peer: str, said: list[str], client: str | None) -> None:
    headers = [(b"x-forwarded-for", each.encode()) for each in said]
    assert client_of([(b"host", b"localhost"), *headers], peer, TRUSTED) == client


async def asked_from(
    server: LiveServer, address: str, caplog: pytest.LogCaptureFixture
) -> list[str]:
    """The addresses in the log of one request."""
    caplog.set_level("INFO", "fastsfu.access")
    await server.http.get("/healthz", headers={"X-Forwarded-For": address})
    lines = [each.getMessage() for each in caplog.records if each.name == "fastsfu.access"]
    return [each.partition(" ")[0] for each in lines]


async def test_a_trusted_one_is_believed(caplog: pytest.LogCaptureFixture) -> None:
    async with live_server(forwarded_networks=TRUSTED) as server:
        assert await asked_from(server, CLIENT, caplog) == [CLIENT]


async def test_nobody_else_is(caplog: pytest.LogCaptureFixture) -> None:
    async with live_server(forwarded_networks=["10.0.0.0/8"]) as server:
        assert await asked_from(server, CLIENT, caplog) == ["127.0.0.1"]


async def test_each_client_counts_for_itself() -> None:
    options = {"forwarded_networks": TRUSTED, "max_connections_per_address": 1}
    async with live_server(**options) as server:
        first = {"additional_headers": {"X-Forwarded-For": CLIENT}}
        other = {"additional_headers": {"X-Forwarded-For": "192.0.2.2"}}
        async with server.socket(**first), server.socket(**other):
            with pytest.raises((websockets.WebSocketException, OSError)):
                async with server.socket(**first):
                    pass
            assert server.uvicorn.refused_connections == 1
        async with server.socket(**first) as again:
            await again.join("r", server.token("r"))
