"""A page that was loaded before an upgrade stays in its call, beside those of today.

tests/vectors/pages has the call page of the version before, bundled:

    esbuild fastsfu/web/call/main.js --bundle --format=esm --minify | gzip -9n > main.js.gz
    grep -v modulepreload fastsfu/web/call/index.html | gzip -9n > index.html.gz

They are made anew, at the commit of a release, when that is out.
"""

import gzip
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.interop.conftest import DIRECT_ENVIRONMENT, ENVIRONMENT, closing_pages
from tests.interop.test_app_messages import say
from tests.interop.test_takeover import Successors, all_noted, nobody_noticed
from tests.interop.test_topology import carried_by, everybody_gets_everything
from tests.support.continuity import SMALL_CAMERA, WATCHING
from tests.support.page import CallPage, until

PAGES = Path(__file__).parents[1] / "vectors" / "pages"
PREVIOUS = {
    "**/r/*": ("text/html; charset=utf-8", gzip.decompress((PAGES / "index.html.gz").read_bytes())),
    "**/call/main.js": ("text/javascript", gzip.decompress((PAGES / "main.js.gz").read_bytes())),
}
SCRIPT = f"{SMALL_CAMERA}{WATCHING}"
LIBRARY_OF_TODAY = "performance.getEntriesByType('resource').some((one) => /sdk/.test(one.name))"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "carrier"), [(ENVIRONMENT, "sfu"), (DIRECT_ENVIRONMENT, "peer")]
)
async def test_it_calls_and_moves_with_pages_of_today(
    browser: Browser, tmp_path: Path, room: str, environment: dict[str, str], carrier: str
) -> None:
    async with AsyncExitStack() as stack:
        successors = Successors(tmp_path / "control", environment, stack)
        async with closing_pages(successors.url, room) as open_page:
            before = await open_page(browser, "Before", script=SCRIPT, files=PREVIOUS)
            today = await open_page(browser, "Today", script=SCRIPT)
            assert not await before.evaluate(LIBRARY_OF_TODAY)
            assert await today.evaluate(LIBRARY_OF_TODAY)
            await carried_by(carrier, before, today)
            await everybody_gets_everything(before, today)
            await all_noted(before, today)
            await both_hear(before, today, ["hello"])
            for page in (before, today):
                await page.evaluate("void (window.carries = window.connections.at(-1))")
            await successors.replace()
            await carried_by(carrier, before, today)
            if carrier == "peer":  # whose connection stays, beside a newer one to the server
                for page in (before, today):
                    await page.evaluate("void window.connections.push(window.carries)")
            await everybody_gets_everything(before, today)
            await nobody_noticed(before, today)
            await both_hear(before, today, ["hello", "again"])


async def both_hear(one: CallPage, other: CallPage, said: list[str]) -> None:
    """The last of it is said now, by each."""
    for page in (one, other):
        await say(page, said[-1])
    for page in (one, other):

        async def heard(page: CallPage = page) -> bool:
            got = await page.evaluate("window.noted.got.map((each) => each.split(' ')[1])")
            return bool(got == said)

        await until(f"{page.name} to hear {said}", heard)
