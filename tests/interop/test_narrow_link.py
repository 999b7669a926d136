"""A link that is too narrow for pictures: what the people behind it are shown."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright, expect

from benchmarks.load.server import API_KEY
from benchmarks.quality.link import CLEAN, Conditions, Link, Way
from benchmarks.quality.servers import FastSFU
from tests.interop.conftest import closing_pages
from tests.support import chromium
from tests.support.chromium import ChromiumPage
from tests.support.network import Namespaces
from tests.support.page import CallPage, until

pytestmark = pytest.mark.network

TRUST_ALL = "--ignore-certificate-errors"
NARROW = Conditions(down=Way(rate_bps=100_000))  # enough for the sound alone
NARROW_SECONDS = 25.0
SUSPENSIONS = """window.suspensions = [];
window.call.on('video-suspended', ({ type, suspended, reason }) =>
  window.suspensions.push([type, suspended, reason]))"""


async def test_a_picture_that_does_not_fit_is_paused_and_comes_back(
    room: str, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    try:
        network = Namespaces().__enter__()
    except PermissionError as error:
        pytest.skip(f"no network namespaces here: {error}")
    try:
        schedule = ((0.0, NARROW), (NARROW_SECONDS, CLEAN))
        with Link(network, 1, "weak", schedule) as link, FastSFU(network) as server:
            await _pauses_and_goes_on(network, link, server, room, tmp_path)
    finally:
        network.__exit__(None, None, None)


async def _pauses_and_goes_on(
    network: Namespaces, link: Link, server: FastSFU, room: str, directory: Path
) -> None:
    async with async_playwright() as playwright, closing_pages(server.url, room) as open_page:
        near = network.launcher("server", chromium.EXECUTABLE, directory)
        far = network.launcher("weak", chromium.EXECUTABLE, directory)
        sender = await chromium.launch(playwright, TRUST_ALL, executable=near)
        receiver = await chromium.launch(playwright, TRUST_ALL, executable=far)
        await open_page(sender, "Ada")
        ben = await open_page(receiver, "Ben")
        await ben.receiving(video=1, audio=1)
        await ben.evaluate(SUSPENSIONS)
        widens = link.start() + NARROW_SECONDS
        await until("the picture to be suspended", lambda: _is(ben, "suspended"))
        assert isinstance(ben.driver, ChromiumPage)
        tile = ben.driver.page.locator(".tile", has_text="Ada")
        await expect(tile.locator(".tile-note")).to_be_visible()
        await expect(tile.locator(".tile-note")).to_have_text("Picture paused: slow connection")
        stats = _why(network, server, room, await ben.joined())
        limits = {each["source"]: each["limit"] for each in stats["receives"]}
        assert limits == {"audio": None, "video": "suspended"}
        assert "kbit/s fit to the client" in stats["why"][0]
        await until("the link to be wide again", lambda: _after(widens))
        await expect(tile.locator(".tile-note")).to_be_hidden(timeout=60_000)
        await until("the picture to come back", lambda: _is(ben, "playable"))
        told = await ben.evaluate("window.suspensions")
        assert told[0] == ["video", True, "slow-connection"]
        assert told[-1] == ["video", False, None]


def _why(network: Namespaces, server: FastSFU, room: str, session_id: str) -> dict[str, Any]:
    path = f"/v1/rooms/{room}/participants/{session_id}/why"
    with network.inside("server"):
        reply = server.http.get(path, headers={"Authorization": f"Bearer {API_KEY}"})
    return dict(reply.json())


async def _after(moment: float) -> bool:
    return time.time() > moment


async def _is(page: CallPage, state: str) -> bool:
    others = [one for one in (await page.participants()).values() if not one["local"]]
    return [one["tracks"]["video"]["state"] for one in others] == [state]
