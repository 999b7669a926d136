"""Python's aiortc: as a participant over WSS, and watching by WHEP."""

import httpx
from aiortc import RTCSessionDescription
from playwright.async_api import Browser

from benchmarks.load.server import ServerProcess
from tests.interop.conftest import OpenPage
from tests.support.aiortc_client import AiortcClient, Sink, new_connection
from tests.support.page import until


def frames(sinks: list[Sink]) -> tuple[int, int]:
    """The fewest frames of any (video, audio) track; audio counts only when it sounds."""
    videos = [sink.frames for sink in sinks if sink.kind == "video"]
    voices = [sink.frames for sink in sinks if sink.kind == "audio" and sink.energy > 0]
    return min(videos, default=0), min(voices, default=0)


async def test_participant(
    browser: Browser, open_page: OpenPage, server: ServerProcess, room: str, token: str
) -> None:
    ada = await open_page(browser, "Ada")
    client = AiortcClient()
    await client.join(server.url, room, token)

    async def receives() -> bool:
        return min(frames(client.sinks)) >= 10

    await until("aiortc to see and hear Chromium", receives)
    await ada.receiving(video=1, audio=1)
    await client.leave()

    async def gone() -> bool:
        return client.session_id not in await ada.participants()

    await until("aiortc to be gone", gone)


async def test_two_participants_without_a_browser(
    server: ServerProcess, room: str, token: str
) -> None:
    clients = [AiortcClient(), AiortcClient()]
    for client in clients:
        await client.join(server.url, room, token)

    async def receive() -> bool:
        return all(min(frames(client.sinks)) >= 10 for client in clients)

    await until("two aiortc clients to see and hear each other", receive)
    for client in clients:
        await client.leave()


async def test_whep(
    browser: Browser, open_page: OpenPage, server: ServerProcess, room: str, token: str
) -> None:
    await open_page(browser, "Ada")
    connection, sinks = new_connection()
    for kind in ("audio", "video"):
        connection.addTransceiver(kind, direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    async with httpx.AsyncClient(base_url=server.url, verify=False) as http:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
        offer = connection.localDescription.sdp
        created = await http.post(f"/v1/whep/{room}", content=offer, headers=headers)
        assert created.status_code == 201, created.text
        await connection.setRemoteDescription(RTCSessionDescription(created.text, "answer"))

        async def receives() -> bool:
            return min(frames(sinks)) >= 10

        await until("WHEP to bring picture and sound", receives)
        deleted = await http.delete(created.url.join(created.headers["location"]), headers=headers)
        assert deleted.status_code == 200, deleted.text
    await connection.close()
