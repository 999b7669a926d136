"""A camera that nobody watches is not sent, and is there again for who shows it."""

from typing import Any

import pytest
from playwright.async_api import Browser

from tests.interop.conftest import OpenPage
from tests.support.firefox import Firefox
from tests.support.page import CallPage, until

# The page has settings of its own, by the size of its tiles.
DECLINE = """(() => {
  window.ask ??= window.call.updateReceiveSettings.bind(window.call);
  window.call.updateReceiveSettings = async () => {};
  return window.ask({ '%s': { video: false } });
})()"""
# How long from taking it back to the next picture that is decoded.
TAKE_BACK = """(async () => {
  const pc = window.connections.filter((one) => one.connectionState !== 'closed').at(-1);
  const decoded = async () => [...(await pc.getStats()).values()].filter(
    (one) => one.type === 'inbound-rtp' && one.kind === 'video',
  ).reduce((sum, one) => sum + (one.framesDecoded ?? 0), 0);
  const before = await decoded();
  const asked = performance.now();
  window.ask({ '%s': { video: true } });
  while ((await decoded()) <= before) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - asked;
})()"""


async def pictures_sent(page: CallPage) -> int:
    sent: list[dict[str, Any]] = (await page.stats())["outbound"]
    return sum(one["packetsSent"] for one in sent if one["kind"] == "video")


async def rests(page: CallPage) -> bool:
    """Nothing is sent between two looks."""
    before = await pictures_sent(page)
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 500))")
    return await pictures_sent(page) == before


@pytest.mark.slow
async def test_a_camera_that_nobody_watches_is_not_sent(
    browser: Browser, open_page: OpenPage
) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    await rests_and_returns(ada, ben)


@pytest.mark.slow
async def test_nor_is_that_of_firefox(
    browser: Browser, firefox: Firefox, open_page: OpenPage
) -> None:
    ada, ben = await open_page(firefox, "Ada"), await open_page(browser, "Ben")
    await rests_and_returns(ada, ben)


async def rests_and_returns(sender: CallPage, watcher: CallPage) -> None:
    await watcher.receiving(video=1, audio=1)
    name = await sender.joined()
    for _ in range(2):
        await watcher.evaluate(DECLINE % name)
        await until("the camera to rest", lambda: rests(sender))
        await watcher.evaluate(TAKE_BACK % name)
        assert not await rests(sender)
