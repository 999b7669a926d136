"""P8: signaling is HTTPS and WSS only; certificates are replaced without a dropped connection."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
import websockets
from aioice.turn import create_turn_endpoint
from playwright.async_api import Browser

from benchmarks.load.server import SECRET
from fastsfu.http import tls
from tests.http.test_door import LOOPBACK, RELAY, Peer, allocations
from tests.interop.conftest import closing_pages
from tests.interop.test_topology import carried_by
from tests.support.certificates import rsa_pair, shown, write
from tests.support.continuity import SMALL_CAMERA
from tests.support.domain_peer import until
from tests.support.offers import OfferText, Section
from tests.support.pebble import DOMAIN, free_port, pebble
from tests.support.server import LiveServer, Socket, live_server

FIRST = tls.self_signed(["localhost"], ["127.0.0.1"])
RENEWED = tls.self_signed(["localhost"], ["127.0.0.1"])
RENEWALS = 20
Echo = Callable[[bytes], Awaitable[None]]


@pytest_asyncio.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LiveServer]:
    """A server with its certificate in tmp_path, looked at often."""
    monkeypatch.setattr(tls, "POLL_SECONDS", 0.01)
    certificate, key = write(FIRST, tmp_path)
    async with live_server(cert=certificate, key=key) as live:
        assert await shown(live.port) == FIRST.chain
        yield live


async def replaced(server: LiveServer, pair: tls.Pair, folder: Path) -> None:
    """Write it, and wait until a new connection is shown it."""
    write(pair, folder)
    await until_shown(server, pair)


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


@asynccontextmanager
async def relayed_by_tls(server: LiveServer, caller: Socket) -> AsyncIterator[Echo]:
    """`await echo(data)` says it to somebody by TURN over TLS, and gets it back from there."""
    loop = asyncio.get_running_loop()
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

    async def echo(data: bytes) -> None:
        relayed.sendto(data, transport.get_extra_info("sockname"))
        heard, source = await end.received.get()
        transport.sendto(heard, source)
        assert (await client.received.get())[0] == data

    yield echo
    relayed.close()
    transport.close()


async def test_a_relayed_call_by_tls_outlives_twenty_certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its TLS connection and the WebSocket stay; whoever comes anew sees the certificate of now."""
    monkeypatch.setattr(tls, "POLL_SECONDS", 0.01)
    certificate, key = write(FIRST, tmp_path)
    async with (
        asyncio.timeout(60),
        live_server(cert=certificate, key=key, **RELAY) as server,
        server.caller("r") as caller,
        relayed_by_tls(server, caller) as echo,
    ):
        for number in range(RENEWALS):
            await replaced(server, tls.self_signed(["localhost"], [LOOPBACK]), tmp_path)
            await echo(b"%d" % number)
            await caller.send("ping", id=number)
            await caller.expect("pong")
        await allocations(server.sfu, 1)


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_calls_of_browsers_go_on_through_twenty_certificates(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "POLL_SECONDS", 0.01)
    certificate, key = write(FIRST, tmp_path)
    async with live_server(cert=certificate, key=key, secret=SECRET, **RELAY) as server:

        async def renew(number: int) -> None:
            is_last = number == RENEWALS - 1
            pair = rsa_pair("the-last-one") if is_last else tls.self_signed(["localhost"], [])
            await replaced(server, pair, tmp_path)

        await outlive(browser, server, renew)
        assert await shown_to_a_new_page(browser, server.url) == "the-last-one"


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_and_through_twenty_renewals_by_acme(browser: Browser, tmp_path: Path) -> None:
    port, seen = free_port(), set()
    async with (
        pebble(tmp_path, port) as options,
        live_server(**options, port=port, secret=SECRET, **RELAY) as server,
    ):
        renewals = server.uvicorn.renewals
        assert renewals is not None
        await until("the first one", lambda: server.certificate.pair.names() == [DOMAIN], 60)
        server.url = f"https://localhost:{port}/"
        server.tls.check_hostname = False
        server.tls.verify_mode = ssl.CERT_NONE

        async def renew(number: int) -> None:
            await renewals.renew()
            seen.add(server.certificate.pair.chain)

        await outlive(browser, server, renew)
    assert len(seen) == RENEWALS


async def outlive(
    browser: Browser, server: LiveServer, renew: Callable[[int], Awaitable[None]]
) -> None:
    """A direct call, one on the SFU, and TURN over TLS, all at the same time."""
    async with (
        server.caller("relayed") as caller,
        relayed_by_tls(server, caller) as echo,
        closing_pages(server.url, "pair") as open_in_pair,
        closing_pages(server.url, "star") as open_in_star,
    ):
        server.sfu.rooms.create("star", topology="sfu")
        pages = await asyncio.gather(
            *(open_in_pair(browser, name, script=SMALL_CAMERA) for name in ("Ada", "Ben")),
            *(open_in_star(browser, name, script=SMALL_CAMERA) for name in ("Cy", "Dora")),
        )
        pair, star = pages[:2], pages[2:]
        await carried_by("peer", *pair)
        await carried_by("sfu", *star)
        sessions = [await page.joined() for page in pages]
        opened = [await page.evaluate(OPENED) for page in pages]
        seen = [await page.stats() for page in pages]
        for number in range(RENEWALS):
            await renew(number)
            await echo(b"%d" % number)
            progress = zip(pages, seen, strict=True)
            seen = await asyncio.gather(*(page.receiving(1, 1, since) for page, since in progress))
        await asyncio.gather(*(page.goes_on(video=1, audio=1) for page in pages))
        await carried_by("peer", *pair)
        await carried_by("sfu", *star)
        assert [await page.evaluate(STAYED) for page in pages] == opened
        assert [await page.joined() for page in pages] == sessions
        assert set(sessions) < set(server.sfu.sessions)


# Each WebSocket and connection that the page has made lives, and it told of no interruption.
OPENED = """(() => {
  window.interruptions = [];
  window.call.on('network-connection', ({ type, event }) => {
    if (event === 'interrupted') window.interruptions.push(type);
  });
  return [window.sockets.length, window.connections.length, []];
})()"""
STAYED = """[window.sockets.filter((one) => one.readyState === WebSocket.OPEN).length,
  window.connections.filter((one) => one.connectionState === 'connected').length,
  window.interruptions]"""


async def shown_to_a_new_page(browser: Browser, url: str) -> str:
    """The name in the certificate."""
    context = await browser.new_context(ignore_https_errors=True)
    page = await context.new_page()
    response = await page.goto(url)
    assert response is not None
    details = await response.security_details()
    await context.close()
    assert details is not None
    return details["subjectName"]


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
