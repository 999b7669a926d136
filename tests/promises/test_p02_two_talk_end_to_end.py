"""P2: a call of two goes directly between the browsers; the server is sent none of its media and
never holds a key of it, and the clients show that it is so.
"""

import asyncio
import hashlib
import json
from contextlib import suppress
from typing import Any

import pytest
import websockets
from aiortc import RTCSessionDescription
from playwright.async_api import Browser

from benchmarks.load.server import SECRET, ServerProcess
from fastsfu.auth.tokens import Tokens
from tests.interop.conftest import OpenPage
from tests.interop.test_topology import carried_by, everybody_gets_everything, topology
from tests.support.aiortc_client import Picture, Tone, client_tls, new_connection
from tests.support.domain_peer import until
from tests.support.memory import find
from tests.support.page import until as until_page
from tests.support.secrets import keys_of, media_of

TOKEN = Tokens(SECRET).sign("room")
MARK = "what the server keeps of a participant, and so has to be found"
KINDS = ("audio", "video", "video", "audio")  # of the sections, in the protocol's order
FINGERPRINTS = """(() => {
  const pc = window.connections.filter((one) => one.connectionState !== 'closed').at(-1);
  return [pc.currentLocalDescription, pc.currentRemoteDescription].map(({ sdp }) =>
    /^a=fingerprint:(\\S+ \\S+)/m.exec(sdp)[1]);
})()"""


class DirectClient:
    """A Python client that connects to the other one directly, and to no SFU."""

    def __init__(self) -> None:
        self.connection, self.sinks = new_connection()
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, url: str) -> None:
        self.socket = await websockets.connect(
            url.replace("https://", "wss://") + "/v1/signal",
            subprotocols=[websockets.Subprotocol("fastsfu.v1")],
            ssl=client_tls(),
        )
        await self._send("join", room="room", token=TOKEN, capabilities=["p2p"], user_data=MARK)
        joined = json.loads(await self.socket.recv())
        self._tasks.append(asyncio.create_task(self._read()))
        await self._follow(joined["topology"])

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self._send("leave")
        await self.connection.close()
        await self.socket.close()

    @property
    def media_flows(self) -> bool:
        return {sink.kind for sink in self.sinks if sink.frames > 5} == {"audio", "video"}

    async def _send(self, kind: str, /, **members: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **members}))

    async def _read(self) -> None:
        with suppress(websockets.ConnectionClosed):
            async for text in self.socket:
                message = json.loads(text)
                if message["type"] == "topology":
                    await self._follow(message)
                elif message["type"] == "peer-description":
                    await self._on_description(message)

    async def _follow(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        if plan["peer"] is None or plan["peer"]["polite"] or self.connection.getTransceivers():
            return
        for kind in KINDS:
            self.connection.addTransceiver(kind)
        self._attach()
        await self.connection.setLocalDescription(await self.connection.createOffer())
        await self._describe()

    async def _on_description(self, message: dict[str, Any]) -> None:
        description = RTCSessionDescription(message["sdp"], message["kind"])
        await self.connection.setRemoteDescription(description)
        if message["kind"] == "offer":
            self._attach()
            await self.connection.setLocalDescription(await self.connection.createAnswer())
            await self._describe()
        await self._send("peer-state", number=message["number"], state="connected")

    def _attach(self) -> None:
        transceivers = self.connection.getTransceivers()
        for transceiver, track in zip(transceivers, (Tone(), Picture()), strict=False):
            transceiver.sender.replaceTrack(track)
            transceiver.direction = "sendrecv"

    async def _describe(self) -> None:
        description = self.connection.localDescription
        number = self.plan["peer"]["number"]
        await self._send(
            "peer-description", number=number, kind=description.type, sdp=description.sdp
        )


async def test_the_server_holds_no_key_and_gets_no_media_of_a_direct_call() -> None:
    with ServerProcess() as server:
        clients = [DirectClient(), DirectClient()]
        for client in clients:
            await client.join(server.url)
        await until("picture and sound", lambda: all(each.media_flows for each in clients))
        secrets: dict[str, bytes] = {}
        for client in clients:
            assert client.plan["sending"] == ["peer"]
            secrets |= keys_of(client.connection) | media_of(client.connection)
        assert sum("master" in name for name in secrets) == 6
        assert any("payload" in name for name in secrets)
        found = find(server.process.pid, {"mark": MARK.encode(), **secrets})
        metrics = server.metrics()
        for client in clients:
            await client.leave()
    assert found.pop("mark"), "the search finds nothing at all"
    assert not any(found.values()), {name: where for name, where in found.items() if where}
    assert metrics["fastsfu_inbound_rtp_packets_received_total"] == 0


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_browsers_show_it_and_the_connected_sfu_is_sent_nothing(
    browser: Browser, direct_server: ServerProcess, open_direct: OpenPage
) -> None:
    before = await asyncio.to_thread(direct_server.metrics)
    ada, ben = await open_direct(browser, "Ada"), await open_direct(browser, "Ben")
    await carried_by("peer", ada, ben)
    await everybody_gets_everything(ada, ben)

    async def safety_number() -> Any:
        return (await topology(ada))["safetyNumber"]

    number = await until_page("a safety number", safety_number)
    assert await topology(ben) == {
        "topology": "peer",
        "encryption": "end-to-end",
        "safetyNumber": number,
    }
    ours, theirs = await ada.evaluate(FINGERPRINTS)
    assert [theirs, ours] == await ben.evaluate(FINGERPRINTS)
    assert number == expected_number(ours, theirs)
    assert await ada.evaluate("window.connections[0].connectionState") == "connected", "the SFU"
    after = await asyncio.to_thread(direct_server.metrics)
    packets = "fastsfu_worker_packets_forwarded_total"
    assert after[packets] == before[packets]
    assert after["fastsfu_inbound_rtp_packets_received_total"] == 0


def expected_number(*fingerprints: str) -> str:
    """The safety number as docs/security.md has it."""
    text = ";".join(sorted(fingerprints)).encode()
    bits = hashlib.pbkdf2_hmac("sha256", text, b"fastsfu safety number", 200_000, 32)
    groups = (int.from_bytes(bits[at : at + 8]) % 100_000 for at in range(0, 32, 8))
    return " ".join(f"{group:05}" for group in groups)
