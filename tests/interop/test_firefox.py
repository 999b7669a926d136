"""Firefox ESR with Chromium, both ways."""

import pytest
from playwright.async_api import Browser

from tests.interop.conftest import OpenPage
from tests.support.firefox import Firefox


async def test_firefox_and_chromium(
    browser: Browser, firefox: Firefox, open_page: OpenPage
) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(firefox, "Ben")
    await ada.receiving(video=1, audio=1)
    await ben.receiving(video=1, audio=1)


@pytest.mark.slow
async def test_chromium_joins_a_waiting_firefox(
    browser: Browser, firefox: Firefox, open_page: OpenPage
) -> None:
    ben = await open_page(firefox, "Ben")
    ada = await open_page(browser, "Ada")
    cy = await open_page(browser, "Cy")
    for page in (ada, ben, cy):
        await page.receiving(video=2, audio=2)
