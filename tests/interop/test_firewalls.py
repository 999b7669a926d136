"""Calls of two browsers behind routers and firewalls, and which way they find."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Self

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from benchmarks.load.server import ServerProcess
from tests.interop.conftest import OpenPage, closing_pages
from tests.interop.test_topology import carried_by, everybody_gets_everything, topology
from tests.support import chromium
from tests.support.network import SERVER, Network
from tests.support.page import CallPage, until

pytestmark = pytest.mark.network

PORT = 443
BY_TCP = f"-p tcp -d {SERVER} --dport {PORT}"
BY_UDP = f"-p udp -d {SERVER} --dport {PORT}"
# The magic cookie of STUN where a segment has it that is not encrypted: IP and TCP headers first.
PLAIN_STUN = "-p tcp -m string --algo bm --hex-string |2112a442| --from 40 --to 80"
# A person's click lets the page in, but not TURN over TLS.
TRUST_ALL = "--ignore-certificate-errors"
HOUSEHOLDS = ("ada", "ben")

Record = Callable[[str, object], None]
Pair = list[list[str]]  # [type, protocol] of our candidate and theirs; of our relay, that to it

# The candidates in use of the live connection that was made last, those of the peer connection.
CANDIDATES = """(async () => {
  const live = window.connections.filter((one) => one.connectionState !== 'closed').at(-1);
  const stats = await live.getStats();
  const all = [...stats.values()];
  const { selectedCandidatePairId } = all.find((one) => one.type === 'transport');
  const pair = stats.get(selectedCandidatePairId);
  return [pair.localCandidateId, pair.remoteCandidateId].map((id) => {
    const { candidateType, protocol, relayProtocol } = stats.get(id);
    return [candidateType, relayProtocol ?? protocol];
  });
})()"""


class Server(ServerProcess):
    """`fastsfu serve` in its namespace."""

    def __init__(self, network: Network, topology: str, **environment: str) -> None:
        super().__init__(
            options=["--port", str(PORT), "--media-port", str(PORT), "--media-ip", SERVER],
            environment={"FASTSFU_WORKERS": "1", "FASTSFU_TOPOLOGY": topology, **environment},
        )
        self.url = f"https://{SERVER}:{PORT}"
        self._network = network

    def __enter__(self) -> Self:
        with self._network.inside("server"):
            return super().__enter__()


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    """Each household has a router."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    made = Network(*HOUSEHOLDS)
    try:
        made.__enter__()
    except PermissionError as error:
        pytest.skip(f"no network namespaces here: {error}")
    yield made
    made.__exit__(None, None, None)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browsers(
    network: Network, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[Browser]]:
    """A Chromium in each household."""
    directory = tmp_path_factory.mktemp("launchers")
    async with async_playwright() as playwright:
        launchers = [network.launcher(each, chromium.EXECUTABLE, directory) for each in HOUSEHOLDS]
        made = [
            await chromium.launch(playwright, TRUST_ALL, executable=launcher)
            for launcher in launchers
        ]
        yield made
        for browser in made:
            await browser.close()


@asynccontextmanager
async def call(
    network: Network, browsers: list[Browser], room: str, carrier: str
) -> AsyncIterator[list[CallPage]]:
    """Two in a call over `peer` or `sfu`, and each gets the other's picture and voice."""
    with Server(network, "auto" if carrier == "peer" else "sfu") as server:
        async with closing_pages(server.url, room) as open_page:
            pages = [
                await open_page(browser, name)
                for browser, name in zip(browsers, HOUSEHOLDS, strict=True)
            ]
            await carried_by(carrier, *pages)
            await everybody_gets_everything(*pages)
            yield pages
            if carrier == "peer":
                await still_end_to_end(*pages)


async def still_end_to_end(*pages: CallPage) -> None:
    for page in pages:
        found = await topology(page)
        assert (found["topology"], found["encryption"]) == ("peer", "end-to-end")


async def goes_by(page: CallPage, fits: Callable[[Pair], bool]) -> None:
    """Wait until the pair in use fits: ICE goes over to a better one when it finds it."""

    async def look() -> Pair | None:
        pair: Pair = await page.evaluate(CANDIDATES)
        seen.append(pair)
        return pair if fits(pair) else None

    seen: list[Pair] = []
    try:
        await until("the expected candidates", look)
    except TimeoutError as error:
        raise TimeoutError(f"{error}; {page.name} uses {seen[-1]}") from None


async def test_ordinary_routers_let_two_connect_directly(
    network: Network, browsers: list[Browser], room: str
) -> None:
    """What the other tests take away works in this network."""
    for household in HOUSEHOLDS:
        network.let_out(household, "")
    async with call(network, browsers, room, "peer") as pages:
        for page in pages:
            await goes_by(page, lambda pair: {kind for kind, _ in pair} <= {"srflx", "prflx"})


async def test_the_way_to_the_sfu_comes_back_for_the_third(
    network: Network, browsers: list[Browser], room: str
) -> None:
    """It is lost for longer than consent lasts, while two talk directly, in one household."""
    for household in HOUSEHOLDS:
        network.let_out(household, "")
    quick = {"FASTSFU_CONSENT_TIMEOUT": "4", "FASTSFU_TURN": "false"}
    with Server(network, "auto", **quick) as server:
        async with closing_pages(server.url, room) as open_page:
            await lose_the_sfu_and_find_it(network, browsers, open_page)


async def lose_the_sfu_and_find_it(
    network: Network, browsers: list[Browser], open_page: OpenPage
) -> None:
    ada, ben = [await open_page(browsers[0], name) for name in HOUSEHOLDS]
    await carried_by("peer", ada, ben)
    await ada.evaluate(SFU_STATES)
    network.let_out("ada", "", never=[BY_UDP, PLAIN_STUN])
    problem = "window.problems.some((one) => one.startsWith('sfu-unreachable'))"
    await until("the loss to be told", lambda: ada.evaluate(problem))
    await still_end_to_end(ada, ben)
    await everybody_gets_everything(ada, ben)
    network.let_out("ada", "")
    back = "window.sfuStates.at(-1) === 'connected'"
    await until("the way to the SFU", lambda: ada.evaluate(back))
    cy = await open_page(browsers[1], "Cy")
    await carried_by("sfu", ada, ben, cy)
    await everybody_gets_everything(ada, ben, cy)


# How many of others this page has shown.
PICTURES = """(async () => {
  const live = window.connections.filter((one) => one.connectionState !== 'closed').at(-1);
  const all = [...(await live.getStats()).values()];
  const films = all.filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
  return films.reduce((sum, { framesDecoded }) => sum + framesDecoded, 0);
})()"""

SFU_STATES = """(() => {
  window.sfuStates = [];
  window.call.on('network-connection', ({ type, event }) => {
    if (type === 'sfu') window.sfuStates.push(event);
  });
})()"""


async def test_a_link_that_is_lost_for_ten_seconds(
    network: Network, browsers: list[Browser], room: str, record_testsuite_property: Record
) -> None:
    """Both have the same session, and picture and voice, when it is back."""
    for household in HOUSEHOLDS:
        network.let_out(household, "")
    async with call(network, browsers, room, "sfu") as pages:
        sessions = [await page.joined() for page in pages]
        with network.cut("ada"):
            await asyncio.sleep(10)  # the time that is asked for, not one to wait for
        began = time.monotonic()
        before = [await page.evaluate(PICTURES) for page in pages]
        for page, shown in zip(pages, before, strict=True):
            more = partial(page.evaluate, f"{PICTURES}.then((shown) => shown > {shown})")
            await until("a picture", more)
            took = time.monotonic() - began
            record_testsuite_property(f"{page.name}'s picture after a lost link, seconds", took)
        await everybody_gets_everything(*pages)
        assert [await page.joined() for page in pages] == sessions


async def test_symmetric_nat_on_both_sides_leaves_the_relay(
    network: Network, browsers: list[Browser], room: str
) -> None:
    for household in HOUSEHOLDS:
        network.let_out(household, "", symmetric=True)
    async with call(network, browsers, room, "peer") as pages:
        for page in pages:
            await goes_by(page, lambda pair: ["relay", "udp"] in pair)


async def test_two_with_udp_to_the_media_port_only(
    network: Network, browsers: list[Browser], room: str
) -> None:
    for household in HOUSEHOLDS:
        network.let_out(household, BY_TCP, BY_UDP)
    async with call(network, browsers, room, "peer") as pages:
        for page in pages:
            await goes_by(page, lambda pair: pair == [["relay", "udp"], ["relay", "udp"]])


async def test_two_without_udp(network: Network, browsers: list[Browser], room: str) -> None:
    """End to end through the one TCP port, where Ben's firewall lets nothing pass but TLS."""
    network.let_out("ada", BY_TCP)
    network.let_out("ben", BY_TCP, never=[PLAIN_STUN])
    async with call(network, browsers, room, "peer") as [ada, ben]:
        relayed = ["relay", "udp"]  # as the other side sees it
        await goes_by(ada, lambda pair: pair in ([["relay", by], relayed] for by in ("tcp", "tls")))
        await goes_by(ben, lambda pair: pair == [["relay", "tls"], relayed])


async def test_the_sfu_without_udp(network: Network, browsers: list[Browser], room: str) -> None:
    """Ada comes by ICE over TCP or by the relay over TCP, whichever is checked first; Ben, who has
    nothing but TLS, by the relay.
    """
    network.let_out("ada", BY_TCP)
    network.let_out("ben", BY_TCP, never=[PLAIN_STUN])
    async with call(network, browsers, room, "sfu") as [ada, ben]:
        await goes_by(ada, lambda pair: pair[0] in (["prflx", "tcp"], ["relay", "tcp"]))
        await goes_by(ben, lambda pair: pair == [["relay", "tls"], ["host", "udp"]])


async def test_nothing_but_tls_and_a_certificate_that_no_browser_knows(
    network: Network, room: str, tmp_path: Path
) -> None:
    """The page opens by a person's click, media does not; and the page says why."""
    network.let_out("ben", BY_TCP, never=[PLAIN_STUN])
    launcher = network.launcher("ben", chromium.EXECUTABLE, tmp_path)
    async with async_playwright() as playwright:
        browser = await chromium.launch(playwright, executable=launcher)
        with Server(network, "sfu", FASTSFU_CONSENT_TIMEOUT="10") as server:
            async with closing_pages(server.url, room) as open_page:
                ben = await open_page(browser, "ben")
                title = "document.querySelector('#over-title').textContent"
                said = f"{title}.includes('certificate') && {title}"
                await until("the reason", lambda: ben.evaluate(said))
        await browser.close()
