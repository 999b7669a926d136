"""One client of docs/signaling.md over WSS, with the sections that Chromium offers, real ICE and
DTLS.
"""

import asyncio
import json
import re
import ssl
from pathlib import Path
from typing import Any

import websockets

from benchmarks.load.certificate import Identity
from benchmarks.load.peer import Peer
from benchmarks.load.server import SECRET
from fastsfu.auth.tokens import Tokens

ROOM = "joining"
# Sections of the library's offers in Chromium 156: to send a voice and a picture, to receive them.
TEXT = re.split(
    r"^(?=m=)",
    Path(__file__).parents[1].joinpath("traces", "chromium156_sections.sdp").read_text(),
    flags=re.M,
)[1:]
PROTOCOLS = [websockets.Subprotocol("fastsfu.v1")]
OURS = ("audio", "video")  # what each publishes, in mids 0 and 1
TLS = ssl.create_default_context()
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE  # the server's is self-signed


class Person:
    """One client; `subscriptions` are what it receives, by mid."""

    def __init__(self, identity: Identity, number: int, maps: bool) -> None:
        self.peer = Peer(identity, ssrcs=(1 + 4 * number, 2 + 4 * number))
        self.capabilities = ["confirms", "batches", *(["maps"] if maps else [])]
        self.subscriptions: dict[str, Any] = {}
        self.offers = 0
        self.kinds: list[str] = []  # of the receiving sections, whose mids follow ours
        self.connected = asyncio.Event()

    async def run(self, url: str) -> None:
        """Join, and do what the server asks for, until cancelled."""
        async with websockets.connect(url, ssl=TLS, subprotocols=PROTOCOLS) as self.socket:
            token = Tokens(SECRET).sign(ROOM)
            await self._say("join", room=ROOM, token=token, capabilities=self.capabilities)
            async for text in self.socket:
                message = json.loads(text)
                if message["type"] == "joined":
                    await self._offer(message["sections"])
                elif message["type"] == "answer":
                    await self._answered(message)
                elif message["type"] == "sections":
                    await self._follow(message)
                elif message["type"] == "error":
                    raise RuntimeError(message["info"])

    async def _say(self, kind: str, **members: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **members}))

    async def _follow(self, message: dict[str, Any]) -> None:
        if message.get("subscriptions"):
            self.subscriptions |= message["subscriptions"]
            await self._say("confirm", revision=message["revision"])
        if message.get("offer", True):
            await self._offer(message)

    async def _offer(self, wanted: dict[str, int]) -> None:
        for kind in OURS:
            self.kinds += [kind] * (wanted[kind] - self.kinds.count(kind))
        self.offers += 1
        tracks = {str(mid): kind for mid, kind in enumerate(OURS)}
        await self._say("offer", id=self.offers, sdp=self._sdp(), tracks=tracks)

    async def _answered(self, answer: dict[str, Any]) -> None:
        self.subscriptions = answer["subscriptions"]
        if not self.connected.is_set():
            await asyncio.to_thread(self.peer.connect, answer["sdp"])
            self.connected.set()
        revision = answer.get("revision")
        await self._say("confirm", **({} if revision is None else {"revision": revision}))

    def _sdp(self) -> str:
        kinds = [*OURS, *self.kinds]
        mids = " ".join(str(mid) for mid in range(len(kinds)))
        lines = ["v=0", f"o=- 1 {self.offers} IN IP4 127.0.0.1", "s=-", "t=0 0"]
        lines += [f"a=group:BUNDLE {mids}", "a=extmap-allow-mixed"]
        for mid, kind in enumerate(kinds):
            lines += self._section(mid, kind).splitlines()
        return "\r\n".join(lines) + "\r\n"

    def _section(self, mid: int, kind: str) -> str:
        own = mid < len(OURS)
        text = (
            TEXT[OURS.index(kind) + (0 if own else len(OURS))]
            .replace("UFRAG", self.peer.ufrag)
            .replace("PASSWORD", self.peer.password)
            .replace("FINGERPRINT", self.peer.identity.fingerprint)
            .replace("MID", str(mid))
        )
        return text + (f"a=ssrc:{self.peer.ssrcs[mid]} cname:load\n" if own else "")
