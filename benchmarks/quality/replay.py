"""Senders that send what was recorded (recording.py), over real signaling, ICE, DTLS and SRTP: to
the server, and to those who watch, Chromium with camera and microphone, without an encoder.

Whoever asks for a keyframe gets the one that the recording begins with.
"""

import asyncio
import re
import struct
import threading
import time
from typing import Any

from benchmarks.load.certificate import Identity
from benchmarks.load.peer import Peer
from benchmarks.load.person import Person
from benchmarks.quality.link import Link
from benchmarks.quality.recording import Recording
from benchmarks.quality.servers import FastSFU, Server
from benchmarks.quality.streams import RED_PT, Picture, Voice, element
from tests.support.network import SERVER, Namespaces

RIDS = ("f", "h", "q")  # as the library offers them; of a small picture a browser sends two
SHRINK = {"f": 1, "h": 2}
TRANSPORT_SEQ_ID = 3  # in the sections of person.TEXT
TRANSPORT_FEEDBACK, PICTURE_FEEDBACK = 205, 206
NACK, PLI, FIR = 1, 1, 4
REPORT_SECONDS = 1.0
NOTE_SECONDS = 0.5
PATIENCE = 20.0


class Sender(Person):
    """One of them; `place`: where in the recording its voice begins, as a share."""

    def __init__(
        self, name: str, recording: Recording, place: float, host: str, server_host: str
    ) -> None:
        self.name = name
        self.nacks = 0
        self._place = place
        self._transport_seq = 0
        lines = max(int(each) for each in recording if each != "voice")
        self.voice = Voice(recording["voice"])
        self.pictures = [
            Picture(recording[str(lines // shrink)], rid, lines // shrink)
            for rid, shrink in SHRINK.items()
        ]
        ssrcs = (self.voice.ssrc, 0)
        peer = Peer(Identity.generate(), ssrcs=ssrcs, host=host, server_host=server_host)
        super().__init__(peer, rids=RIDS, receives=False)

    async def heard(self, message: dict[str, Any]) -> None:
        await super().heard(message)
        if message["type"] == "answer" and re.search(
            rf"^m=audio \d+ \S+ {RED_PT}\b", message["sdp"], re.M
        ):
            self.voice.pt = RED_PT
        if message["type"] == "encodings" and message["source"] == "video":
            for wanted in message["encodings"]:
                self._want(wanted["rid"], wanted["active"])

    def _want(self, rid: str, active: bool) -> None:
        for picture in self.pictures:
            if picture.rid == rid and picture.active != active:
                picture.active = active
                picture.begin(time.monotonic())

    async def play(self) -> None:
        """Send, until cancelled."""
        await self.connected.wait()
        asyncio.get_running_loop().add_reader(self.peer.socket, self._read)
        now = time.monotonic()
        self.voice.begin(now, self._place)
        for picture in self.pictures:
            picture.begin(now)
        while True:
            streams = [self.voice, *(each for each in self.pictures if each.active)]
            stream = min(streams, key=lambda each: each.due)
            await asyncio.sleep(max(0.0, stream.due - time.monotonic()))
            for fixed, extensions, payload in stream.take():
                self._send(fixed, extensions, payload)

    async def report(self) -> None:
        """Sender reports each second, until cancelled."""
        await self.connected.wait()
        while True:
            for stream in (self.voice, *self.pictures):
                if stream.active and stream.packets:
                    report = self.peer.protect.protect_rtcp(stream.report(time.monotonic()))
                    self.peer.socket.send(report)
            await asyncio.sleep(REPORT_SECONDS)

    def _send(self, fixed: bytes, extensions: bytes, payload: bytes) -> None:
        number = struct.pack("!H", self._transport_seq)
        self._transport_seq = (self._transport_seq + 1) % 65536
        extensions += element(TRANSPORT_SEQ_ID, number)
        extensions += bytes(-len(extensions) % 4)
        head = struct.pack("!HH", 0xBEDE, len(extensions) // 4)
        self.peer.socket.send(self.peer.protect.protect(fixed + head + extensions + payload))

    def _read(self) -> None:
        while True:
            try:
                datagram = self.peer.socket.recv(2048)
            except BlockingIOError:
                return
            if 128 <= datagram[0] < 192 and 192 <= datagram[1] < 224:
                self._obey(self.peer.unprotect.unprotect_rtcp(datagram))

    def _obey(self, compound: bytes) -> None:
        """Keyframe requests (RFC 4585, RFC 5104); nothing is lost on the way here that could be
        asked for again.
        """
        while compound:
            size = 4 + 4 * int.from_bytes(compound[2:4], "big")
            part, compound = compound[:size], compound[size:]
            kind, form = part[1], part[0] & 31
            self.nacks += (kind, form) == (TRANSPORT_FEEDBACK, NACK)
            if kind == PICTURE_FEEDBACK and form in (PLI, FIR):
                self._give_key(int.from_bytes(part[8:12] if form == PLI else part[12:16], "big"))

    def _give_key(self, ssrc: int) -> None:
        for picture in self.pictures:
            if picture.ssrc == ssrc:
                picture.plis += 1
                picture.begin(time.monotonic())

    def sample(self) -> list[dict[str, Any]]:
        """As page.js has of a page's encodings."""
        return [
            {
                "kind": "video",
                "ssrc": each.ssrc,
                "rid": f"{self.name} {each.rid}",
                "active": each.active,
                "packetsSent": each.packets,
                "bytesSent": each.bytes,
                "framesEncoded": each.units,
                "keyFramesEncoded": each.keyframes,
                "frameHeight": each.lines,
                "pliCount": each.plis,
                "nackCount": self.nacks,
            }
            for each in self.pictures
        ]


class Replay:
    """So many of them, in a thread of their own, whose sockets are at the link's far end."""

    name = "replay"

    def __init__(
        self, network: Namespaces, link: Link, server: Server, recording: Recording, count: int
    ) -> None:
        """Raises ValueError: that server has other signaling."""
        if not isinstance(server, FastSFU):
            raise ValueError(f"recorded senders do not join {server.name}")
        self.joined = 0.0
        self._network, self._link, self._server = network, link, server
        self._recording, self._count = recording, count
        self._samples: list[dict[str, Any]] = []
        self._ready, self._over = threading.Event(), threading.Event()
        self._thread: asyncio.Task[None] | None = None

    async def enter(self, room: str) -> None:
        """Raises TimeoutError."""
        self.joined = time.time()
        self._thread = asyncio.create_task(asyncio.to_thread(self._inside, room))
        if not await asyncio.to_thread(self._ready.wait, PATIENCE):
            raise TimeoutError("the recorded senders do not get into the call")

    async def leave(self) -> None:
        """Raises what went wrong with them."""
        self._over.set()
        if self._thread is not None:
            await self._thread

    async def notes(self) -> dict[str, Any]:
        """As a page's."""
        return {"samples": list(self._samples), "frames": {}, "notes": []}

    def _inside(self, room: str) -> None:
        with self._network.inside(self._link.household):
            asyncio.run(self._run(room))

    async def _run(self, room: str) -> None:
        senders = [
            Sender(f"Di{number}", self._recording, number / self._count, self._link.address, SERVER)
            for number in range(self._count)
        ]
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(run)
                for each in senders
                for run in (self._join(each, room), each.stay(), each.play(), each.report())
            ]
            while not self._over.is_set():
                if all(each.connected.is_set() for each in senders):
                    self._ready.set()
                outbound = [row for each in senders for row in each.sample()]
                self._samples.append({"at": time.time() * 1e3, "inbound": [], "outbound": outbound})
                await asyncio.sleep(NOTE_SECONDS)
            for task in running:
                task.cancel()
        for each in senders:
            each.peer.socket.close()

    async def _join(self, sender: Sender, room: str) -> None:
        await sender.run(self._server.signaling, room, self._server.token(room, sender.name))
