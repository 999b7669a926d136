"""A client of app messages: aiortc's data channel, and frames as docs/app-messages.md says."""

import asyncio
import json
from typing import Any

from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from fastsfu.transport.frames import CHANNEL_ID, LABEL, PROTOCOL
from tests.support.server import LiveServer, Socket


class MessagesClient:
    """`await client.join(server, room)`; then `send` and `got`, the messages in their order.

    It acknowledges what it gets while `reads` is set.
    """

    def __init__(self) -> None:
        self.connection = RTCPeerConnection()
        self.channel: RTCDataChannel = self.connection.createDataChannel(
            LABEL, negotiated=True, id=CHANNEL_ID, protocol=PROTOCOL
        )
        self.session_id = self.origin = self.resume_key = ""
        self.number = 0
        self.frames: list[dict[str, Any]] = []
        self.got: list[tuple[str, Any]] = []
        self.count = 0
        self.reads = True
        self._changed = asyncio.Event()
        self.channel.on("message", self._on_message)

    async def join(self, server: LiveServer, socket: Socket, room: str, **join: Any) -> None:
        """Join over an open signaling WebSocket, connect, and say hello."""
        token = server.token(room, **join.pop("claims", {}))
        joined = await socket.join(room, token, **join)
        self.session_id, self.resume_key = joined["session_id"], joined["resume_key"]
        self.origin = joined["you"]["origin"]
        self.socket, self.config = socket, joined["config"]
        self.participants = joined["participants"]
        await self.connection.setLocalDescription(await self.connection.createOffer())
        answer = await socket.offer(self.connection.localDescription.sdp)
        assert answer["type"] == "answer", answer
        await self.connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
        await self.until(lambda: self.channel.readyState == "open")
        self.write({"type": "hello"})
        await self.until(lambda: any(each["type"] == "welcome" for each in self.frames))

    def write(self, frame: dict[str, Any]) -> None:
        self.channel.send(json.dumps(frame))

    def send(self, *data: Any, to: Any = "*") -> None:
        messages = []
        for each in data:
            self.number += 1
            messages.append({"number": self.number, "to": to, "data": each})
        self.write({"type": "messages", "messages": messages})

    async def until(self, condition: Any, timeout: float = 10.0) -> None:
        """Wait until `condition()` holds, looking after each frame and each tenth of a second."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._changed.clear()
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.1)
                except TimeoutError:
                    continue

    def data(self) -> list[Any]:
        return [data for _, data in self.got]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]

    async def close(self) -> None:
        await self.connection.close()

    def _on_message(self, text: str) -> None:
        frame = json.loads(text)
        self.frames.append(frame)
        if frame["type"] == "messages":
            self.count += len(frame["messages"])
            self.got += [(each["from"], each["data"]) for each in frame["messages"]]
            if self.reads:
                self.write({"type": "ack", "count": self.count})
        self._changed.set()
