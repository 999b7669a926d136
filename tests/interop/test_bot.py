"""The Python participant in a call with two pages of Chromium: it hears, speaks and is seen."""

import asyncio

from playwright.async_api import Browser

import fastsfu.client
from benchmarks.load.server import ServerProcess
from tests.interop.conftest import OpenPage
from tests.support.aiortc_client import Picture, Tone, client_tls
from tests.support.page import until

SAID = "window.call.on('app-message', ({ data }) => { window.said = data; })"


async def test_a_bot_hears_speaks_and_is_seen(
    browser: Browser, open_page: OpenPage, server: ServerProcess, room: str, token: str
) -> None:
    pages = [await open_page(browser, name) for name in ("Ada", "Bob")]
    joining = fastsfu.client.join(server.url, room=room, token=token, name="Bot", ssl=client_tls())
    async with joining as bot, asyncio.timeout(90):
        bot.publish(audio=Tone(), video=Picture())
        for page in pages:
            await page.receiving(video=2, audio=2)
            await page.evaluate(SAID)
            session_id = await page.joined()
            async for frame in await bot.track(session_id):
                if frame.to_ndarray().any():
                    break
            async for frame in await bot.track(session_id, "video"):
                assert frame.width > 0
                break
        bot.send_app_message({"seen": 2})
        for page in pages:
            assert (await until("its message", lambda p=page: p.evaluate("window.said"))) == {
                "seen": 2
            }
        shown = await pages[0].participants()
        assert sorted(each["user_name"] for each in shown.values()) == ["Ada", "Bob", "Bot"]
    for page in pages:

        async def is_alone(page=page) -> bool:  # type: ignore[no-untyped-def]
            return len(await page.participants()) == 2

        await until("the bot to be gone", is_alone)
