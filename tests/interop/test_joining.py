"""Who comes into a call costs those who are in it no offer, as long as they have empty sections."""

from playwright.async_api import Browser

from tests.interop.conftest import OpenPage
from tests.support.firefox import Firefox
from tests.support.page import CallPage, until

# The version of its last offer (RFC 8866 section 5.2), once that is answered.
OFFERED = """(({ signalingState, localDescription }) =>
  signalingState === 'stable' && /^o=.*$/m.exec(localDescription?.sdp ?? '')?.[0])(
    window.connections.at(-1))"""


async def offered(page: CallPage) -> str:
    found: str = await until(f"{page.name} to be answered", lambda: page.evaluate(OFFERED))
    return found


async def test_who_comes_goes_into_a_section_that_was_empty(
    browser: Browser, firefox: Firefox, open_page: OpenPage
) -> None:
    ada = await open_page(firefox, "Ada")
    before = await offered(ada)
    ben = await open_page(browser, "Ben")
    await ada.receiving(video=1, audio=1)
    assert await offered(ada) == before
    await ben.receiving(video=1, audio=1)
    before = await offered(ben)
    await open_page(browser, "Cy")
    await ben.receiving(video=2, audio=2)
    assert await offered(ben) == before
    await ada.receiving(video=2, audio=2)
