"""Chromium pages in the households of a network, which join calls."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Playwright

from benchmarks.quality import media
from benchmarks.quality.servers import Server
from tests.support import chromium
from tests.support.network import Namespaces

SCRIPT = Path(__file__).with_name("page.js").read_text()
TRUST = "--ignore-certificate-errors"
SECURE = "--unsafely-treat-insecure-origin-as-secure={}"


@dataclass
class Participant:
    """A page that joins; `notes` are what page.js kept, when the call has ended."""

    name: str
    page: Any
    joined: float = 0.0

    async def enter(self, options: dict[str, Any]) -> None:
        self.joined = await self.page.evaluate("(options) => window.enter(options)", options) / 1e3

    async def notes(self) -> dict[str, Any]:
        return dict(await self.page.evaluate("window.bench"))


async def browser(
    playwright: Playwright,
    network: Namespaces,
    household: str,
    directory: Path,
    origin: str,
    height: int | None = None,
) -> Browser:
    """A Chromium there, with a camera of so many lines if any; its launcher is in `directory`."""
    launcher = network.launcher(household, chromium.EXECUTABLE, directory)
    devices = media.chromium_arguments(height) if height else []
    arguments = [TRUST, SECURE.format(origin), *devices]
    made: Browser = await chromium.launch(playwright, *arguments, executable=launcher)
    return made


async def open_page(browser: Browser, server: Server, name: str) -> Participant:
    """Where `enter` joins a call of that server."""
    opened = await chromium.open_page(
        browser, "about:blank", SCRIPT, bypass_csp=True, viewport=chromium.SMALL_WINDOW
    )
    await server.open(opened.page)
    return Participant(name, opened.page)
