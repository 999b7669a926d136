"""P6: app messages go through data channels; each receiver gets each one once, in order, in size.
So do mute states and user data, as far as that can be said of a state: the newest counts, once.

Three clients talk while their WebSockets drop and one of them has to join anew with another
connection; nothing is lost or doubled, and none of it passes through signaling. In a direct call it
goes from browser to browser, with nothing at all between them and the server.
"""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Browser
from websockets import ConnectionClosed

from tests.interop.conftest import OpenPage
from tests.interop.test_metadata import HAND, ada_is, changes, two_without_the_server
from tests.support.messages_client import MessagesClient
from tests.support.page import until
from tests.support.server import LiveServer, Socket, live_server

WORD = "only-in-data-channels"
SAID = {"audio": False, "video": False, "screenVideo": False, "screenAudio": False}


class Talker(MessagesClient):
    """A client that is heard to say numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.said = 0
        self.deaf = False  # its application gets nothing of what its browser receives
        self.before: list[tuple[str, Any]] = []  # what it had when it joined anew

    def say(self, count: int) -> None:
        for _ in range(count):
            self.send([WORD, self.said])
            self.said += 1

    def _on_message(self, text: str) -> None:
        if not self.deaf:
            super()._on_message(text)

    async def hears(self, speaker: "Talker", count: int, under: set[str] | None = None) -> None:
        """Wait for all of a speaker's numbers: each once and in order, under these ids.

        What came before the client joined anew, and comes again, it drops as
        docs/app-messages.md says: its number is not greater than the last one.
        """
        ids = under or {speaker.session_id}

        def numbers() -> list[int]:
            known = [data[1] for sender, data in self.before if sender in ids]
            new = [data[1] for sender, data in self.got if sender in ids]
            return known + [each for each in new if not known or each > known[-1]]

        await self.until(lambda: len(numbers()) >= count)
        assert numbers() == list(range(count))


async def test_nothing_is_lost_or_doubled() -> None:
    async with live_server(app_message_burst=10_000) as server, AsyncExitStack() as stack:
        talkers = [Talker() for _ in range(3)]
        sockets = [await stack.enter_async_context(server.socket()) for _ in range(4)]
        for talker, socket in zip(talkers, sockets, strict=False):
            stack.push_async_callback(talker.close)
            await talker.join(server, socket, "r")
        ada, ben, cyd = talkers
        for talker in talkers:
            talker.say(50)
        await sockets[0].connection.close()  # Ada's messages do not need it
        ada.say(50)
        await cyd.hears(ada, 100)
        cyd.deaf = True  # what is on its way when he is lost has to come again
        ada.say(50)
        await ben.hears(ada, 150)
        again = await rejoined(server, cyd, sockets[3])
        stack.push_async_callback(again.close)
        for talker in (ada, ben, again):
            talker.say(50)
        await ben.hears(ada, 200)
        await ada.hears(ben, 100)
        await again.hears(ada, 200)
        await again.hears(ben, 100)
        await ben.hears(cyd, 100, under={cyd.session_id, again.session_id})
        for socket in sockets[1:]:
            assert WORD not in await everything(socket)


async def rejoined(server: LiveServer, lost: Talker, socket: Socket) -> Talker:
    """The same person with a new connection; what the old one had not acknowledged comes again, and
    it says its own last ten again, not knowing whether they were taken over.
    """
    again = Talker()
    again.said, again.number, again.before = lost.said, lost.number, lost.got
    replaces = {"session_id": lost.session_id, "resume_key": lost.resume_key}
    await again.join(server, socket, "r", replaces=replaces)
    again.said, again.number = again.said - 10, again.number - 10
    again.say(10)
    return again


async def everything(socket: Socket) -> str:
    """All that signaling still has to say."""
    texts = []
    try:
        while True:
            async with asyncio.timeout(0.05):
                texts.append(str(await socket.connection.recv()))
    except (TimeoutError, ConnectionClosed):
        return "".join(texts)


async def test_what_is_too_large_is_refused_at_the_server_too() -> None:
    async with live_server() as server, server.socket() as one, server.socket() as other:
        ada, ben = Talker(), Talker()
        await ada.join(server, one, "r")
        await ben.join(server, other, "r")
        ada.send("x" * 4096)
        ada.send("fits")
        await ben.until(lambda: bool(ben.got))
        assert ben.data() == ["fits"]
        assert [each["error"] for each in ada.of("refused")] == ["too-large"]
        await ada.close()
        await ben.close()


async def test_mute_states_and_user_data_need_no_signaling_and_no_right_to_send() -> None:
    async with live_server() as server, AsyncExitStack() as stack:
        ada, ben = Talker(), Talker()
        for talker, claims in ((ada, {"messages": False}), (ben, {})):
            socket = await stack.enter_async_context(server.socket())
            stack.push_async_callback(talker.close)
            await talker.join(server, socket, "r", claims=claims)
            await socket.connection.close()
        for revision in (1, 2, 2, 1, 3):
            ada.write({"type": "metadata", "revision": revision, **SAID, "user_data": revision})
        ada.write({"type": "metadata", "revision": 4, **SAID, "user_data": "x" * 4095})
        ada.write({"type": "metadata", "revision": 4, **SAID, "user_data": "x" * 4094})
        await ben.until(lambda: any(each["revision"] == 4 for each in ben.of("metadata")))
        told = [each["revision"] for each in ben.of("metadata")]
        assert told == sorted(set(told))
        assert ben.of("metadata")[-1]["user_data"] == "x" * 4094
        assert [each["error"] for each in ada.of("refused")] == ["bad-message"]


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_two_in_a_direct_call_need_no_server(
    browser: Browser, open_patient: OpenPage
) -> None:
    ada, ben = await two_without_the_server(browser, open_patient)
    await ben.evaluate("window.heard = []")
    await ben.evaluate("void window.call.on('app-message', ({ data }) => window.heard.push(data))")
    await ada.evaluate("window.call.setLocalAudio(false)")
    await ada_is(False, None, ben)
    await ada.evaluate(f"window.call.setUserData({json.dumps(HAND)})")
    await ada.evaluate("Promise.all([1, 2, 3].map((each) => window.call.sendAppMessage(each)))")
    await until("the last word", lambda: ben.evaluate("window.heard.includes(3)"))
    await ada_is(False, HAND, ben)
    assert await changes(ben) == [[False, None], [False, HAND]]
    assert await ben.evaluate("window.heard") == [1, 2, 3]
