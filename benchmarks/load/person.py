"""One client of docs/signaling.md over WSS, with the sections that Chromium offers, real ICE and
DTLS.
"""

import asyncio
import json
import re
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import websockets

from benchmarks.load.peer import Peer

# Sections of the library's offers in Chromium 156: to send a voice and a picture, to receive them.
TEXT = re.split(
    r"^(?=m=)",
    Path(__file__).parents[1].joinpath("traces", "chromium156_sections.sdp").read_text(),
    flags=re.M,
)[1:]
PROTOCOLS = [websockets.Subprotocol("fastsfu.v1")]
OURS = ("audio", "video")  # what each publishes, in mids 0 and 1
STAY_SECONDS = 5.0
TLS = ssl.create_default_context()
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE  # the server's is self-signed


class Person:
    """One client; `subscriptions` are what it receives, by mid.

    It sends sections of `sends`, a picture as the simulcast of `rids`, if any (RFC 8853), and takes
    what it is offered when it `receives`; `maps`: it fills empty sections when it is told to.
    """

    def __init__(
        self,
        peer: Peer,
        *,
        sends: Sequence[str] = OURS,
        rids: Sequence[str] = (),
        receives: bool = True,
        maps: bool = True,
    ) -> None:
        self.peer = peer
        self.sends, self.rids, self.receives = sends, rids, receives
        self.capabilities = ["confirms", "batches", *(["maps"] if maps else [])]
        self.subscriptions: dict[str, Any] = {}
        self.offers = 0
        self.kinds: list[str] = []  # of the receiving sections, whose mids follow those of `sends`
        self.connected = asyncio.Event()

    async def run(self, url: str, room: str, token: str, name: str | None = None) -> None:
        """Join, and do what the server asks for, until cancelled."""
        async with websockets.connect(url, ssl=TLS, subprotocols=PROTOCOLS) as self.socket:
            hello = {"room": room, "token": token, "name": name}
            await self.say("join", **hello, capabilities=self.capabilities)
            async for text in self.socket:
                await self.heard(json.loads(text))

    async def stay(self) -> None:
        """Heartbeats and consent (RFC 7675), until cancelled."""
        await self.connected.wait()
        while True:
            await self.say("ping", id=1)
            self.peer.socket.send(self.peer.consent_check)
            await asyncio.sleep(STAY_SECONDS)

    async def say(self, kind: str, **members: Any) -> None:
        """One message."""
        await self.socket.send(json.dumps({"type": kind, **members}))

    async def heard(self, message: dict[str, Any]) -> None:
        """What a message asks for. Raises RuntimeError when it says that something went wrong."""
        if message["type"] == "joined":
            await self._offer(message["sections"])
        elif message["type"] == "answer":
            await self._answered(message)
        elif message["type"] == "sections" and self.receives:
            await self._follow(message)
        elif message["type"] == "error":
            raise RuntimeError(message["info"])

    async def _follow(self, message: dict[str, Any]) -> None:
        if message.get("subscriptions"):
            self.subscriptions |= message["subscriptions"]
            await self.say("confirm", revision=message["revision"])
        if message.get("offer", True):
            await self._offer(message)

    async def _offer(self, wanted: dict[str, int]) -> None:
        for kind in OURS if self.receives else ():
            self.kinds += [kind] * (wanted[kind] - self.kinds.count(kind))
        self.offers += 1
        tracks = {str(mid): kind for mid, kind in enumerate(self.sends)}
        await self.say("offer", id=self.offers, sdp=self._sdp(), tracks=tracks)

    async def _answered(self, answer: dict[str, Any]) -> None:
        self.subscriptions = answer["subscriptions"]
        if not self.connected.is_set():
            await asyncio.to_thread(self.peer.connect, answer["sdp"])
            self.connected.set()
        revision = answer.get("revision")
        await self.say("confirm", **({} if revision is None else {"revision": revision}))

    def _sdp(self) -> str:
        kinds = [*self.sends, *self.kinds]
        mids = " ".join(str(mid) for mid in range(len(kinds)))
        lines = ["v=0", f"o=- 1 {self.offers} IN IP4 127.0.0.1", "s=-", "t=0 0"]
        lines += [f"a=group:BUNDLE {mids}", "a=extmap-allow-mixed"]
        for mid, kind in enumerate(kinds):
            lines += self._section(mid, kind).splitlines()
        return "\r\n".join(lines) + "\r\n"

    def _section(self, mid: int, kind: str) -> str:
        own = mid < len(self.sends)
        text = (
            TEXT[OURS.index(kind) + (0 if own else len(OURS))]
            .replace("UFRAG", self.peer.ufrag)
            .replace("PASSWORD", self.peer.password)
            .replace("FINGERPRINT", self.peer.identity.fingerprint)
            .replace("MID", str(mid))
        )
        return text + (self._streams(kind) if own else "")

    def _streams(self, kind: str) -> str:
        if kind == "audio" or not self.rids:
            return f"a=ssrc:{self.peer.ssrcs[OURS.index(kind)]} cname:load\n"
        rids = "".join(f"a=rid:{rid} send\n" for rid in self.rids)
        return f"{rids}a=simulcast:send {';'.join(self.rids)}\n"
