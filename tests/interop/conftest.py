"""Servers and browsers that all interop tests share; each test has its own room."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from benchmarks.load.server import SECRET, ServerProcess
from fastsfu.auth.tokens import Tokens
from tests.support import chromium
from tests.support.firefox import Firefox
from tests.support.page import HOOK, CallPage, Driver, call_url

HERE = Path(__file__).parent
# Short enough to see a client that vanished go, long enough for a loaded machine. These tests are
# about the SFU, so two use it too, and every room spreads over two workers: what works there works
# on one.
ENVIRONMENT = {
    "FASTSFU_WORKERS": "2",
    "FASTSFU_SPREAD_AT": "0",
    "FASTSFU_CONSENT_TIMEOUT": "8",
    "FASTSFU_RESUME_TIMEOUT": "8",
    "FASTSFU_TOPOLOGY": "sfu",
}
# Long enough to look at a call of two on the SFU, short enough to wait for.
DIRECT_ENVIRONMENT = {
    **ENVIRONMENT,
    "FASTSFU_TOPOLOGY": "auto",
    "FASTSFU_BACK_TO_P2P_AFTER": "3",
}
BROWSERS = {"browser", "firefox"}  # fixtures
# Five seconds are its own default: a call of five pages on two busy cores takes longer than that.
expect.set_options(timeout=30_000)
_names = itertools.count(1)

OpenPage = Callable[..., Awaitable[CallPage]]
Visit = Callable[..., Awaitable[Page]]
VIOLATIONS = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here share one event loop; those with a browser are marked so."""
    for item in items:
        if HERE in item.path.parents:
            if BROWSERS & set(getattr(item, "fixturenames", ())):
                item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def server() -> Iterator[ServerProcess]:
    """A real server process."""
    with ServerProcess(environment=ENVIRONMENT) as process:
        yield process
    assert "Traceback" not in process.final_output, process.final_output


@pytest.fixture(scope="session")
def direct_server() -> Iterator[ServerProcess]:
    """A real server process that lets two connect directly, as it does by default."""
    with ServerProcess(environment=DIRECT_ENVIRONMENT) as process:
        yield process
    assert "Traceback" not in process.final_output, process.final_output


@pytest.fixture(scope="module")
def patient_server() -> Iterator[ServerProcess]:
    """The same, which waits longer for a lost WebSocket than any test takes."""
    environment = {**DIRECT_ENVIRONMENT, "FASTSFU_RESUME_TIMEOUT": "60"}
    with ServerProcess(environment=environment) as process:
        yield process
    assert "Traceback" not in process.final_output, process.final_output


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium."""
    async with async_playwright() as playwright:
        browser = await chromium.launch(playwright)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def firefox() -> AsyncIterator[Firefox]:
    """Firefox ESR."""
    browser = await Firefox.launch()
    yield browser
    await browser.close()


@pytest.fixture
def room() -> str:
    """A room nobody else is in."""
    return f"room-{next(_names)}"


@pytest.fixture
def token(room: str) -> str:
    """A token for the test's room."""
    return Tokens(SECRET).sign(room)


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(server: ServerProcess, room: str) -> AsyncIterator[OpenPage]:
    """`await open_page(browser, "Ada")`: a page of Chromium or Firefox that is in the room, or,
    without `autojoin`, about to join. Of Chromium's, `script` runs before its own, and `viewport`
    is its window.
    """
    async with closing_pages(server.url, room) as open_page:
        yield open_page


@pytest_asyncio.fixture(loop_scope="session")
async def open_direct(direct_server: ServerProcess, room: str) -> AsyncIterator[OpenPage]:
    """The same with the server that lets two connect directly."""
    async with closing_pages(direct_server.url, room) as open_page:
        yield open_page


@pytest_asyncio.fixture(loop_scope="session")
async def open_patient(patient_server: ServerProcess, room: str) -> AsyncIterator[OpenPage]:
    """The same with the server that waits for lost WebSockets."""
    async with closing_pages(patient_server.url, room) as open_page:
        yield open_page


@asynccontextmanager
async def closing_pages(server: str, room: str) -> AsyncIterator[OpenPage]:
    pages: list[CallPage] = []

    async def open_page(
        browser: Browser | Firefox,
        name: str,
        *,
        autojoin: bool = True,
        owner: bool = False,
        script: str = "",
        viewport: ViewportSize = chromium.WINDOW,
        files: chromium.Files = chromium.NO_FILES,
    ) -> CallPage:
        token = Tokens(SECRET).sign(room, name=name, owner=owner)
        url = call_url(server, room, token, name, autojoin=autojoin)
        driver: Driver
        if isinstance(browser, Firefox):
            driver = await browser.open_page(url)
        else:
            driver = await chromium.open_page(browser, url, script, viewport=viewport, files=files)
        pages.append(CallPage(driver, name))
        if autojoin:
            await pages[-1].joined()
        return pages[-1]

    yield open_page
    for page in pages:
        if not page.closed:
            await page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, server: ServerProcess, room: str) -> AsyncIterator[Visit]:
    """`await visit(t=TOKEN, name=...)`: the page as opened from that link, nothing clicked yet.

    The first `lost` requests for a URL that ends in `lose` break, as when the network changes.
    """
    contexts = []

    async def visit(
        script: str = "", lose: str = "", lost: int = 1, width: int = 1280, **query: str
    ) -> Page:
        viewport: ViewportSize = {"width": width, "height": 720}
        context = await browser.new_context(ignore_https_errors=True, viewport=viewport)
        contexts.append(context)
        page = await context.new_page()
        if lose:
            await page.route(f"**{lose}", lambda route: route.abort(), times=lost)
        await page.add_init_script(HOOK + VIOLATIONS + script)
        await page.goto(f"{server.url}/r/{room}?{urlencode(query)}")
        return page

    yield visit
    for context in contexts:
        for page in context.pages:
            assert await page.evaluate("window.violations") == []
        await context.close()
