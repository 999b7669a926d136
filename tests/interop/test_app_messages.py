"""Pages of Chromium and Firefox exchange app messages through the SFU, whatever breaks."""

import json

from playwright.async_api import Browser

from tests.interop.conftest import OpenPage
from tests.support.firefox import Firefox
from tests.support.page import CallPage, until

LISTEN = """(() => {
  window.heard = [];
  window.call.on('app-message', ({ data, fromId }) => window.heard.push([fromId, data]));
})()"""


async def say(page: CallPage, *data: object) -> None:
    for each in data:
        await page.evaluate(f"window.call.sendAppMessage({json.dumps(each)})")


async def hears(page: CallPage, speaker: CallPage, expected: list[object]) -> None:
    """All of what somebody says, each once and in order."""
    speaker_id = await speaker.joined()

    async def heard() -> list[object]:
        return [data for who, data in await page.evaluate("window.heard") if who == speaker_id]

    async def enough() -> bool:
        return len(await heard()) >= len(expected)

    await until(f"{page.name} to hear {speaker.name}", enough)
    assert await heard() == expected


async def test_chromium_and_firefox_through_losses(
    browser: Browser, firefox: Firefox, open_page: OpenPage
) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(firefox, "Ben")
    cyd = await open_page(browser, "Cyd")
    for page in (ada, ben, cyd):
        await page.evaluate(LISTEN)
    await say(ada, "one", {"two": [2]})
    await say(ben, "from Firefox")
    await ada.evaluate("window.sockets.at(-1).close(4000)")
    await say(ada, "without a WebSocket")
    await ada.evaluate("window.connections[0].restartIce()")
    await say(ada, *range(20))
    expected = ["one", {"two": [2]}, "without a WebSocket", *range(20)]
    await hears(ben, ada, expected)
    await hears(cyd, ada, expected)
    await hears(ada, ben, ["from Firefox"])
    too_large = "window.call.sendAppMessage('x'.repeat(4095)).catch((error) => error.type)"
    assert await ada.evaluate(too_large) == "too-large"
