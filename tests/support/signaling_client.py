"""A client that follows docs/signaling.md, on a WebSocket without a network: for virtual time."""

import asyncio
import json
from typing import Any, cast

from starlette.websockets import WebSocket

from fastsfu.http.signaling import Client
from fastsfu.sfu import SFU
from tests.support.offers import OfferText, receiving

HEARTBEAT = 10.0


class Wire:
    """What the server's side needs of a WebSocket. It holds what has been sent and not read."""

    def __init__(self) -> None:
        self.to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.to_client: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.code: int | None = None
        self.scope: dict[str, Any] = {"type": "websocket"}

    async def receive(self) -> dict[str, Any]:
        return await self.to_server.get()

    async def send_text(self, text: str) -> None:
        self.to_client.put_nowait(json.loads(text))

    async def close(self, code: int, reason: str) -> None:
        self.code = code


class SignalingClient:
    """`await client.join(room)`; then it pings, and offers and confirms whenever it is asked to.

    `heard` is all that it was told, `code` why the server closed its WebSocket.
    """

    def __init__(self, sfu: SFU, publishes: OfferText) -> None:
        self.heard: list[dict[str, Any]] = []
        self.publishes = publishes
        self.confirms = True
        self._sections = {"audio": 0, "video": 0}
        self._wire = Wire()
        self._offers = 0
        self._tasks = [
            asyncio.create_task(Client(sfu, cast(WebSocket, self._wire)).run()),
        ]

    async def join(self, room: str, token: str | None = None, **members: Any) -> None:
        self.say("join", room=room, token=token, capabilities=["confirms"], **members)
        joined = await self._wire.to_client.get()
        assert joined["type"] == "joined", joined
        self._sections = joined["sections"]
        self.offer()
        self._tasks += [asyncio.create_task(self._listen()), asyncio.create_task(self._ping())]

    @property
    def code(self) -> int | None:
        return self._wire.code

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.heard if each["type"] == kind]

    def say(self, kind: str, /, **members: Any) -> None:
        text = json.dumps({"type": kind, **members})
        self._wire.to_server.put_nowait({"type": "websocket.receive", "text": text})

    def offer(self) -> None:
        self._offers += 1
        offer = self.publishes.with_(*receiving(**self._sections))
        self.say("offer", id=self._offers, sdp=str(offer))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            message = await self._wire.to_client.get()
            self.heard.append(message)
            if message["type"] == "sections":
                self._sections = {kind: message[kind] for kind in ("audio", "video")}
                self.offer()
            elif message["type"] == "answer" and self.confirms:
                self.say("confirm")

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            self.say("ping", id=1)
