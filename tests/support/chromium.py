"""Debian's Chromium through Playwright, with fake camera and microphone."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, Playwright, Route, ViewportSize

from tests.support.page import HOOK

Files = Mapping[str, tuple[str, bytes]]
NO_FILES: Files = MappingProxyType({})
EXECUTABLE = Path("/usr/bin/chromium")
WINDOW: ViewportSize = {"width": 1280, "height": 720}
# Without a GPU each page draws its pictures on the cores that all of them share.
SMALL_WINDOW: ViewportSize = {"width": 640, "height": 480}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks",
]


async def launch(playwright: Playwright, *more: str, executable: Path = EXECUTABLE) -> Browser:
    """A headless Chromium; each page of `open_page` is a browser of its own to the server."""
    return await playwright.chromium.launch(executable_path=executable, args=[*ARGUMENTS, *more])


class ChromiumPage:
    """Driver of page.py."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page

    async def evaluate(self, expression: str) -> Any:
        return await self.page.evaluate(expression)

    async def close(self) -> None:
        await self.page.close(run_before_unload=False)
        await self.context.close()


async def open_page(
    browser: Browser,
    url: str,
    script: str = "",
    *,
    bypass_csp: bool = False,
    viewport: ViewportSize = WINDOW,
    files: Files = NO_FILES,
) -> ChromiumPage:
    """Open `url`, which may have a self-signed certificate, with the test's hook installed.

    `script` runs before those of the page; some need another policy than the page's. `files` come
    in the place of the server's, by a pattern of their URLs: type and content.
    """
    context = await browser.new_context(
        ignore_https_errors=True, bypass_csp=bypass_csp, viewport=viewport
    )
    await context.add_init_script(HOOK + script)
    for pattern, (content_type, body) in files.items():
        await context.route(pattern, _answering(content_type, body))
    page = await context.new_page()
    await page.goto(url)
    return ChromiumPage(context, page)


def _answering(content_type: str, body: bytes) -> Callable[[Route], Awaitable[None]]:
    async def answer(route: Route) -> None:
        await route.fulfill(content_type=content_type, body=body)

    return answer
