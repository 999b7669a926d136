"""A participant in Python: signaling over WSS as docs/signaling.md says, media by aiortc."""

import asyncio
import fractions
import json
import math
import ssl
import time
from contextlib import suppress
from typing import Any

import numpy as np
import websockets
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

SAMPLE_RATE = 48000
FRAME_SAMPLES = 960
VIDEO_SIZE = (320, 240)
VIDEO_FPS = 15


def client_tls() -> ssl.SSLContext:
    """TLS that takes the server's self-signed certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Tone(MediaStreamTrack):
    """A sine of 440 Hz, in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._samples = 0
        self._start = time.monotonic()

    async def recv(self) -> AudioFrame:
        due = self._start + self._samples / SAMPLE_RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        steps = np.arange(self._samples, self._samples + FRAME_SAMPLES)
        wave = (8000 * np.sin(2 * math.pi * 440 * steps / SAMPLE_RATE)).astype(np.int16)
        frame = AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, self._samples
        frame.time_base = fractions.Fraction(1, SAMPLE_RATE)
        self._samples += FRAME_SAMPLES
        return frame


class Picture(MediaStreamTrack):
    """A grey picture that brightens from frame to frame, in real time."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._frames = 0
        self._start = time.monotonic()

    async def recv(self) -> VideoFrame:
        due = self._start + self._frames / VIDEO_FPS
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        width, height = VIDEO_SIZE
        pixels = np.full((height, width, 3), self._frames % 256, np.uint8)
        frame = VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = self._frames * 90000 // VIDEO_FPS, fractions.Fraction(1, 90000)
        self._frames += 1
        return frame


class Sink:
    """Counts what a received track brings."""

    def __init__(self, track: MediaStreamTrack) -> None:
        self.kind = track.kind
        self.frames = 0
        self.energy = 0.0
        self.task = asyncio.create_task(self._run(track))

    async def _run(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                self.frames += 1
                if self.kind == "audio":
                    self.energy += float(np.square(frame.to_ndarray().astype(np.float64)).mean())


def new_connection() -> tuple[RTCPeerConnection, list[Sink]]:
    """A bundled connection whose received tracks are counted."""
    connection = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    sinks: list[Sink] = []
    connection.on("track", lambda track: sinks.append(Sink(track)))
    return connection, sinks


class AiortcClient:
    """`await client.join(url, room, token)`; sends a tone and a picture, receives everybody."""

    def __init__(self) -> None:
        self.connection, self.sinks = new_connection()
        self.session_id = ""
        self.participants: dict[str, dict[str, Any]] = {}
        self._offers = 0
        self._sections = {"audio": 0, "video": 0}
        self._receiving = {"audio": 0, "video": 0}
        self._pending = False

    async def join(self, url: str, room: str, token: str, name: str = "aiortc") -> None:
        """Join and send the first offer; goes on answering the server in the background."""
        self.socket = await websockets.connect(
            url.replace("https://", "wss://") + "/v1/signal",
            subprotocols=[websockets.Subprotocol("fastsfu.v1")],
            ssl=client_tls(),
        )
        await self._send({"type": "join", "room": room, "token": token, "name": name})
        joined = json.loads(await self.socket.recv())
        assert joined["type"] == "joined", joined
        self.session_id = joined["session_id"]
        for participant in joined["participants"]:
            self.participants[participant["session_id"]] = participant
        for track in (Tone(), Picture()):
            self.connection.addTransceiver(track, direction="sendonly")
        self._sections.update(joined["sections"])
        self._reader = asyncio.create_task(self._read())
        await self._offer()

    async def leave(self) -> None:
        """Say goodbye and close."""
        await self._send({"type": "leave"})
        await self.vanish()

    async def vanish(self) -> None:
        """Be gone without a word: no `leave`, no WebSocket close by us before the media is dead."""
        self._reader.cancel()
        await self.connection.close()
        await self.socket.close()

    async def _send(self, message: dict[str, Any]) -> None:
        await self.socket.send(json.dumps(message))

    async def _offer(self) -> None:
        """Offer with as many receiving sections as the server wants."""
        self._pending = True
        for kind, wanted in self._sections.items():
            while self._receiving[kind] < wanted:
                self.connection.addTransceiver(kind, direction="recvonly")
                self._receiving[kind] += 1
        await self.connection.setLocalDescription(await self.connection.createOffer())
        sending = {
            t.mid: t.kind for t in self.connection.getTransceivers() if t.direction == "sendonly"
        }
        self._offers += 1
        description = self.connection.localDescription
        message = {"id": self._offers, "sdp": description.sdp, "tracks": sending}
        await self._send({"type": "offer", **message})

    async def _read(self) -> None:
        with suppress(websockets.ConnectionClosed):
            async for text in self.socket:
                message = json.loads(text)
                await self._on_message(message.pop("type"), message)

    async def _on_message(self, kind: str, message: dict[str, Any]) -> None:
        if kind == "answer":
            answer = RTCSessionDescription(message["sdp"], "answer")
            await self.connection.setRemoteDescription(answer)
            self._pending = False
        elif kind == "sections":
            self._sections.update({k: message[k] for k in ("audio", "video")})
        elif kind == "participant-joined":
            participant = message["participant"]
            self.participants[participant["session_id"]] = participant
        elif kind == "participant-left":
            self.participants.pop(message["session_id"], None)
        if not self._pending and any(self._receiving[k] < n for k, n in self._sections.items()):
            await self._offer()
