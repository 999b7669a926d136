"""Certificates from a real ACME server, while calls run and others connect."""

import asyncio
import ssl
from pathlib import Path

import pytest

from tests.http.test_door import RELAY, allocations
from tests.promises.test_p08_certificates_change_while_calls_run import relayed_by_tls
from tests.support.certificates import shown
from tests.support.domain_peer import until
from tests.support.pebble import DOMAIN, free_port, pebble
from tests.support.server import LiveServer, live_server

RENEWALS = 20

pytestmark = pytest.mark.slow


async def has_one(server: LiveServer) -> None:
    """Not the self-signed one that it begins with, which has other names, too."""
    await until("a certificate", lambda: server.certificate.pair.names() == [DOMAIN], 60)


async def test_a_certificate_is_there_soon_and_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    async with pebble(tmp_path, port) as options:
        async with live_server(**options, port=port) as server:
            assert (await shown(port, name=DOMAIN)).count(b"BEGIN") == 1
            await has_one(server)
            first = server.certificate.pair
            assert first.names() == [DOMAIN]
            assert (await shown(port, name=DOMAIN)).strip() in first.chain
        async with live_server(**options, port=port) as server:
            assert server.certificate.pair.chain.strip() == first.chain.strip()
            assert (await shown(port, name=DOMAIN)).strip() in first.chain
    kept = list((tmp_path / "state").rglob("*.pem"))
    assert len(kept) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in [*kept, kept[0].parent])


@pytest.mark.parametrize("challenge", ["tls-alpn-01", "http-01"])
async def test_a_relayed_call_by_tls_outlives_twenty_renewals(
    tmp_path: Path, challenge: str
) -> None:
    """Its TLS connection and the WebSocket stay; whoever comes meanwhile is served as always."""
    port, plain = free_port(), free_port()
    way = {"acme_challenge": challenge, "acme_http_port": plain}
    async with (
        pebble(tmp_path, port, plain) as options,
        live_server(**options, port=port, **way, **RELAY) as server,
    ):
        await has_one(server)
        renewals = server.uvicorn.renewals
        assert renewals is not None
        server.url = f"https://localhost:{port}/"
        server.tls.check_hostname = False
        server.tls.verify_mode = ssl.CERT_NONE
        async with server.caller("r") as caller, relayed_by_tls(server, caller) as echo:
            seen = {server.certificate.pair.chain}
            for number in range(RENEWALS):
                await while_others_come(server, asyncio.create_task(renewals.renew()))
                await echo(b"%d" % number)
                await caller.send("ping", id=number)
                await caller.expect("pong")
                seen.add(server.certificate.pair.chain)
                assert (await shown(port, name=DOMAIN)).strip() in server.certificate.pair.chain
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection("127.0.0.1", plain)
            assert len(seen) == 1 + RENEWALS
            await allocations(server.sfu, 1)


async def while_others_come(server: LiveServer, renewing: asyncio.Task[float]) -> None:
    while not renewing.done():
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=server.tls)
        writer.close()
        await asyncio.wait([renewing], timeout=0.1)


async def test_a_validation_that_fails_is_said_and_leaves_the_old_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The ACME server comes to another port than ours."""
    async with (
        pebble(tmp_path, free_port()) as options,
        live_server(**options, port=free_port()) as server,
    ):
        before = server.certificate.pair
        await until("it to be said", lambda: "no certificate came" in caplog.text, 60)
        assert server.certificate.pair is before
    said = next(each for each in caplog.messages if "no certificate came" in each)
    assert DOMAIN in said
    assert "again in 30 min" in said


async def test_an_acme_server_that_is_not_there_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options = {"acme": [DOMAIN], "acme_state": tmp_path}
    url = f"https://localhost:{free_port()}/dir"
    async with live_server(**options, acme_directory=url):
        await until("it to be said", lambda: "cannot be reached" in caplog.text, 60)
