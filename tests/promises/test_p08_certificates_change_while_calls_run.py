"""P8: signaling is HTTPS and WSS only; certificates are replaced without a dropped connection."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import websockets
from aioice.turn import create_turn_endpoint

from fastsfu.http import tls
from tests.http.test_door import LOOPBACK, RELAY, Peer, allocations
from tests.support.certificates import rsa_pair, shown, write
from tests.support.offers import OfferText, Section
from tests.support.server import LiveServer, live_server

FIRST = tls.self_signed(["localhost"], ["127.0.0.1"])
RENEWED = tls.self_signed(["localhost"], ["127.0.0.1"])


@pytest_asyncio.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LiveServer]:
    """A server with its certificate in tmp_path, looked at often."""
    monkeypatch.setattr(tls, "POLL_SECONDS", 0.01)
    certificate, key = write(FIRST, tmp_path)
    async with live_server(cert=certificate, key=key) as live:
        assert await shown(live.port) == FIRST.chain
        yield live


async def until_shown(server: LiveServer, pair: tls.Pair) -> None:
    async with asyncio.timeout(10):
        while await shown(server.port) != pair.chain:
            pass


@pytest.mark.parametrize("renewed", [RENEWED, rsa_pair()], ids=["ECDSA", "RSA"])
async def test_open_calls_go_on(server: LiveServer, tmp_path: Path, renewed: tls.Pair) -> None:
    async with server.caller("r") as caller:
        write(renewed, tmp_path)
        await until_shown(server, renewed)
        assert await shown(server.port, name=None) == renewed.chain  # without SNI, too
        answer = await caller.offer(str(OfferText((Section("0", "audio"),))))
        assert answer["type"] == "answer"
        await caller.send("ping", id=1)
        await caller.expect("pong")
        assert list(server.sfu.sessions) == [caller.joined["session_id"]]
    # New callers trust the renewed one only.
    server.tls = tls.ssl.create_default_context(cadata=renewed.chain.decode())
    async with server.caller("r"):
        pass


async def test_a_relayed_call_by_tls_outlives_twenty_certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its TLS connection and the WebSocket stay; whoever comes anew sees the certificate of now."""
    monkeypatch.setattr(tls, "POLL_SECONDS", 0.01)
    certificate, key = write(FIRST, tmp_path)
    loop = asyncio.get_running_loop()
    async with (
        live_server(cert=certificate, key=key, **RELAY) as server,
        server.caller("r") as caller,
        asyncio.timeout(60),
    ):
        transport, end = await loop.create_datagram_endpoint(Peer, local_addr=(LOOPBACK, 0))
        ours = caller.joined["ice_servers"][-1]
        relayed, client = await create_turn_endpoint(
            Peer,
            server_addr=("localhost", server.port),
            username=ours["username"],
            password=ours["credential"],
            ssl=server.tls,
            transport="tcp",
        )
        for number in range(20):
            renewed = tls.self_signed(["localhost"], [LOOPBACK])
            write(renewed, tmp_path)
            await until_shown(server, renewed)
            relayed.sendto(b"%d" % number, transport.get_extra_info("sockname"))
            data, source = await end.received.get()
            transport.sendto(data, source)
            assert (await client.received.get())[0] == b"%d" % number
            await caller.send("ping", id=number)
            await caller.expect("pong")
        await allocations(server.sfu, 1)
        relayed.close()
        transport.close()


async def test_half_written_pair_keeps_the_old(
    server: LiveServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "fastsfu.tls")
    faults = [RENEWED.chain, b"", RENEWED.chain[:100], b"no certificate"]
    for number, half in enumerate(faults, 1):
        (tmp_path / "fullchain.pem").write_bytes(half)
        async with asyncio.timeout(10):
            while len(caplog.records) < number:
                assert await shown(server.port) == FIRST.chain
        await asyncio.sleep(
            5 * tls.POLL_SECONDS
        )  # long enough for a second line, if there were one
        assert len(caplog.records) == number
        assert "PRIVATE" not in caplog.text
    write(RENEWED, tmp_path)
    await until_shown(server, RENEWED)
    assert caplog.records[-1].levelno == logging.INFO


async def test_swapped_symbolic_links_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As certbot renews: live/ holds links into archive/."""
    monkeypatch.setattr(tls, "POLL_SECONDS", 0.01)
    for version, pair in (("1", FIRST), ("2", RENEWED)):
        (tmp_path / version).mkdir()
        write(pair, tmp_path / version)
    live = tmp_path / "live"
    live.symlink_to(tmp_path / "1")
    async with live_server(cert=live / "fullchain.pem", key=live / "privkey.pem") as server:
        assert await shown(server.port) == FIRST.chain
        (tmp_path / "new").symlink_to(tmp_path / "2")
        (tmp_path / "new").rename(live)
        await until_shown(server, RENEWED)


async def test_plain_websocket_is_not_spoken() -> None:
    async with live_server() as server:
        url = f"ws://127.0.0.1:{server.port}/v1/signal"
        with pytest.raises((websockets.InvalidMessage, ConnectionError)):
            await websockets.connect(url, subprotocols=[websockets.Subprotocol("fastsfu.v1")])
