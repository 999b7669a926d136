"""The examples run."""

import asyncio
from typing import Any

from examples import echo_bot
from tests.client.test_call import heard, joining
from tests.support.aiortc_client import Tone
from tests.support.server import LiveServer


async def test_the_echo_bot_says_back_what_it_hears(server: LiveServer, room: str) -> None:
    url = str(server.http.base_url)
    async with joining(server, room, "Ada") as ada:
        joined = asyncio.create_task(heard(ada, "participant-joined"))
        await asyncio.sleep(0)
        bot = asyncio.create_task(echo_bot.run(url, room, server.token(room), insecure=True))
        echo: dict[str, Any] = (await joined)["participant"]
        ada.publish(audio=Tone())
        answered = asyncio.create_task(heard(ada, "app-message"))
        await asyncio.sleep(0)
        ada.send_app_message("hello", echo["session_id"])
        assert (await answered)["data"] == {"echo": "hello"}
        async with asyncio.timeout(60):
            async for frame in await ada.track(echo["session_id"]):
                if frame.to_ndarray().any():
                    break
    async with asyncio.timeout(60):
        await bot
