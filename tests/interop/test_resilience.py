"""Calls go on: lost WebSockets, ICE restarts, clients that vanish, strangers' datagrams."""

import asyncio
import json
import secrets
import socket
import time

import pytest
import websockets
from playwright.async_api import Browser

from benchmarks.load.certificate import Identity
from benchmarks.load.peer import Peer
from benchmarks.load.server import ServerProcess
from tests.interop.conftest import OpenPage
from tests.support.aiortc_client import client_tls
from tests.support.page import until

STRANGERS_PER_SECOND = 10_000
STRANGERS_SECONDS = 5.0
STRANGERS_BURST = 100


async def test_lost_websocket_resumes_the_session(browser: Browser, open_page: OpenPage) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    await ada.receiving(video=1, audio=1)
    session_id = await ada.joined()
    await ada.evaluate("window.sockets.at(-1).close(4000)")
    await until("a new WebSocket", lambda: ada.evaluate("window.sockets.length >= 2"))
    await until("it to open", lambda: ada.evaluate("window.sockets.at(-1).readyState === 1"))
    await ada.goes_on(video=1, audio=1)
    await ben.goes_on(video=1, audio=1)
    assert await ada.joined() == session_id
    assert await ada.evaluate("window.connections.length") == 1
    await ada.evaluate("window.call.setLocalAudio(false)")

    async def heard_of() -> bool:
        return not (await ben.participants())[session_id]["audio"]

    await until("signaling to work again", heard_of)


@pytest.mark.slow
async def test_ice_restart_keeps_the_media(browser: Browser, open_page: OpenPage) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    await ada.receiving(video=1, audio=1)
    ufrag = "/ice-ufrag:(\\S+)/.exec(window.connections[0].currentLocalDescription.sdp)[1]"
    before = await ada.evaluate(ufrag)
    await ada.evaluate("window.connections[0].restartIce()")
    await until("new credentials", lambda: ada.evaluate(f"{ufrag} !== '{before}'"))
    await ada.goes_on(video=1, audio=1)
    await ben.goes_on(video=1, audio=1)
    assert await ada.evaluate("window.connections.length") == 1


async def test_vanished_client_is_freed(
    browser: Browser, open_page: OpenPage, server: ServerProcess, room: str
) -> None:
    ada = await open_page(browser, "Ada")

    async def there(count: int) -> bool:
        return await sessions(server) == count

    await until("who was there before to be gone", lambda: there(1))
    before = (await asyncio.to_thread(server.metrics)).get("fastsfu_leaves_total", 0)
    peer = Peer(Identity.generate(), ssrcs=(1, 2))
    await asyncio.to_thread(server.publish, peer, room, "VP8", ["audio", "video"])
    await until("both to count", lambda: there(2))

    async def alone(wanted: bool) -> bool:
        return (len(await ada.participants()) == 1) is wanted

    await until("Ada to see the other", lambda: alone(False))
    peer.socket.close()
    await until("the vanished one to count no more", lambda: there(1))
    await until("the vanished one to be gone", lambda: alone(True))
    left = (await asyncio.to_thread(server.metrics)).get("fastsfu_leaves_total", 0)
    assert left == before + 1


async def test_one_who_publishes_anew_all_the_time_throws_no_page_out(
    browser: Browser, open_page: OpenPage, server: ServerProcess, room: str, token: str
) -> None:
    """Two hundred offers at 18 a second; before pages were paced, ten seconds of it ended them."""
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    await ada.receiving(video=1, audio=1)
    peer = Peer(Identity.generate())
    async with websockets.connect(
        server.url.replace("https://", "wss://") + "/v1/signal",
        subprotocols=[websockets.Subprotocol("fastsfu.v1")],
        ssl=client_tls(),
    ) as eve:
        await eve.send(json.dumps({"type": "join", "room": room, "token": token}))
        for number in range(200):
            peer.ssrcs = (10_000 + number, 20_000 + number)
            sdp = peer.describe(["audio", "video"], "VP8", sends=True)
            await eve.send(json.dumps({"type": "offer", "id": number, "sdp": sdp}))
            if number == 0:
                while (answer := json.loads(await eve.recv()))["type"] != "answer":
                    pass
                await asyncio.to_thread(peer.connect, answer["sdp"])
            await asyncio.sleep(1 / 18)
        for page in (ada, ben):
            assert await page.evaluate("call.meetingState()") == "joined-meeting"
            assert await page.evaluate("window.sockets.length") == 1
            await page.goes_on(video=1, audio=1)
    peer.socket.close()


async def sessions(server: ServerProcess) -> float:
    metrics = await asyncio.to_thread(server.metrics)
    return metrics["fastsfu_sessions"] + metrics["fastsfu_sessions_lost"]


async def test_strangers_do_no_harm(
    browser: Browser, open_page: OpenPage, server: ServerProcess
) -> None:
    """Random datagrams, some with a first byte of each protocol, while a call runs."""
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    await ada.receiving(video=1, audio=1)
    before, memory = await ada.stats(), server.rss_bytes()
    sent = await asyncio.to_thread(flood, server.port)
    assert sent >= STRANGERS_PER_SECOND * STRANGERS_SECONDS * 0.5
    await ada.receiving(video=1, audio=1, since=before)
    await ada.goes_on(video=1, audio=1)
    await ben.goes_on(video=1, audio=1)
    assert server.rss_bytes() - memory < 20 << 20


def flood(port: int) -> int:
    """Send for STRANGERS_SECONDS from changing ports; how many were sent."""
    first_bytes = bytes([0, 1, 20, 22, 63, 64, 128, 144, 200, 255])
    sent, start = 0, time.monotonic()
    while (elapsed := time.monotonic() - start) < STRANGERS_SECONDS:
        if sent > elapsed * STRANGERS_PER_SECOND:
            time.sleep(STRANGERS_BURST / STRANGERS_PER_SECOND)
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for number in range(STRANGERS_BURST):
                noise = secrets.token_bytes(1 + secrets.randbelow(1400))
                first = first_bytes[number % len(first_bytes)]
                stranger.sendto(bytes([first]) + noise, ("127.0.0.1", port))
                sent += 1
    return sent
