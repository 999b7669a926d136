"""Silence costs nothing, in browsers: a muted microphone sends nothing, and is back at once."""

import asyncio

from playwright.async_api import Browser

from tests.interop.conftest import OpenPage
from tests.support.firefox import Firefox
from tests.support.page import CallPage, until


async def sent(page: CallPage) -> int:
    """Packets of its microphone so far."""
    stats = await page.stats()
    return sum(one["packetsSent"] for one in stats["outbound"] if one["kind"] == "audio")


async def rests(page: CallPage) -> bool:
    """Whether it sends nothing for a second."""
    before = await sent(page)
    await asyncio.sleep(1)
    return await sent(page) == before


async def mutes_and_speaks_again(speaker: CallPage, listener: CallPage) -> None:
    """`speaker` is the only one with sound."""
    await listener.receiving(video=1, audio=1)
    await speaker.evaluate("window.call.setLocalAudio(false)")
    await until("a microphone that is off to send nothing", lambda: rests(speaker))
    await listener.goes_on(video=1, audio=0)
    await speaker.evaluate("window.call.setLocalAudio(true)")
    await listener.goes_on(video=1, audio=1)
    assert await speaker.evaluate("window.connections.length") == 1
    heard = f"window.call.getActiveSpeaker().peerId === '{await speaker.joined()}'"
    await until("the one who is back to be the speaker", lambda: listener.evaluate(heard))


async def test_in_chromium_and_firefox(
    browser: Browser, firefox: Firefox, open_page: OpenPage
) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(firefox, "Ben")
    await ada.receiving(video=1, audio=1)
    await ben.evaluate("window.call.setLocalAudio(false)")
    await mutes_and_speaks_again(ada, ben)
    await ben.evaluate("window.call.setLocalAudio(true)")
    await ada.evaluate("window.call.setLocalAudio(false)")
    await mutes_and_speaks_again(ben, ada)
