"""The server is killed and started again: calls go on, and direct ones notice nothing."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from statistics import median

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from benchmarks.load.server import ServerProcess
from tests.interop.conftest import DIRECT_ENVIRONMENT, ENVIRONMENT, OpenPage, closing_pages
from tests.interop.test_topology import carried_by, everybody_gets_everything
from tests.support.continuity import SMALL_CAMERA, WATCHING
from tests.support.page import CallPage, until

AWAY = 6.0  # seconds without a server
CRASHES = 20
BACK_WITHIN = 3.0  # seconds

Restart = Callable[..., Awaitable[float]]
Mortal = tuple[str, Restart]
Record = Callable[[str, object], None]
# Animation frames in which somebody was not shown, or not heard.
NOTES = "window.continuity.notes.map(({ what }) => what).filter((what) => what === 'nothing')"


@pytest_asyncio.fixture(loop_scope="session", params=[DIRECT_ENVIRONMENT], ids=["direct"])
async def mortal(request: pytest.FixtureRequest) -> AsyncIterator[Mortal]:
    """The URL of a server, and how to kill it and start it again after some seconds; when it
    listened again.
    """
    environment: dict[str, str] = request.param
    with ServerProcess(environment=environment) as first:
        servers = [first]
        async with AsyncExitStack() as stack:

            async def restart(away: float = AWAY) -> float:
                servers[-1].process.kill()
                await asyncio.to_thread(servers[-1].process.wait)
                await asyncio.sleep(away)  # the time that is asked for, not one to wait for
                again = ServerProcess(environment=environment)
                again.port, again.url, again.command = first.port, first.url, first.command
                await asyncio.to_thread(stack.enter_context, again)
                servers.append(again)
                return time.monotonic()

            yield first.url, restart


@pytest_asyncio.fixture(loop_scope="session")
async def open_mortal(mortal: Mortal, room: str) -> AsyncIterator[OpenPage]:
    async with closing_pages(mortal[0], room) as open_page:
        yield open_page


async def all_together(*pages: CallPage) -> None:
    """Wait until each sees all, with pictures."""

    async def look() -> bool:
        return all(
            [
                await page.evaluate(f"""(() => {{
                const people = Object.values(window.call.participants());
                const shows = ({{ tracks }}) => tracks.video.state === 'playable';
                return people.length === {len(pages)} && people.every(shows);
            }})()""")
                for page in pages
            ]
        )

    await until("all to see each other", look)


@pytest.mark.slow
async def test_a_direct_call_outlives_its_server(
    browser: Browser, mortal: Mortal, open_mortal: OpenPage, record_testsuite_property: Record
) -> None:
    ada, ben = [await open_mortal(browser, name, script=WATCHING) for name in ("Ada", "Ben")]
    await carried_by("peer", ada, ben)
    await everybody_gets_everything(ada, ben)
    before = [await page.joined() for page in (ada, ben)]
    for page in (ada, ben):
        await page.evaluate("void (window.direct = window.connections.at(-1))")
    listens = await mortal[1]()
    await until("new sessions", lambda: renewed(before, ada, ben))
    await all_together(ada, ben)
    record_testsuite_property("direct: seconds until all are back", time.monotonic() - listens)
    await carried_by("peer", ada, ben)
    for page in (ada, ben):
        assert await page.evaluate("window.direct.connectionState") == "connected"
        assert await page.evaluate(NOTES) == []
        await page.evaluate("void window.connections.push(window.direct)")  # whose stats are read
    await everybody_gets_everything(ada, ben)


async def renewed(before: list[str], *pages: CallPage) -> bool:
    now = [await page.joined() for page in pages]
    return all(new != old for new, old in zip(now, before, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("mortal", [ENVIRONMENT], ids=["sfu"], indirect=True)
async def test_a_call_on_the_sfu_is_back_at_once(
    browser: Browser, mortal: Mortal, open_mortal: OpenPage, record_testsuite_property: Record
) -> None:
    pages = [await open_mortal(browser, name) for name in ("Ada", "Ben", "Carl")]
    await everybody_gets_everything(*pages)
    before = [await page.joined() for page in pages]
    listens = await mortal[1]()
    await until("new sessions", lambda: renewed(before, *pages))
    await all_together(*pages)
    record_testsuite_property("SFU: seconds until all are back", time.monotonic() - listens)
    await everybody_gets_everything(*pages)


@pytest.mark.slow
@pytest.mark.parametrize("mortal", [ENVIRONMENT], ids=["sfu"], indirect=True)
async def test_a_call_comes_back_from_each_of_twenty_crashes(
    browser: Browser, mortal: Mortal, open_mortal: OpenPage, record_testsuite_property: Record
) -> None:
    """The next process is started at once; from when it listens most take three seconds at most."""
    names = ("Ada", "Ben", "Carl")
    pages = [await open_mortal(browser, name, script=SMALL_CAMERA) for name in names]
    await everybody_gets_everything(*pages)
    seconds: list[float] = []
    for _ in range(CRASHES):
        before = [await page.joined() for page in pages]
        listens = await mortal[1](0.0)
        await until("new sessions", partial(renewed, before, *pages))
        await asyncio.gather(*[page.receiving(len(names) - 1, len(names) - 1) for page in pages])
        seconds.append(time.monotonic() - listens)
    assert median(seconds) <= BACK_WITHIN, seconds  # as in test_takeover
    record_testsuite_property("crashes: seconds until all are back", seconds)
    await everybody_gets_everything(*pages)
