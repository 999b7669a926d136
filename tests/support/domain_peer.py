"""An aiortc participant that speaks to a session directly, without HTTP; the engine is real."""

import asyncio
import re
from collections.abc import Callable

from aiortc import RTCSessionDescription

from fastsfu.config import Config
from fastsfu.events import Ended, Event, SectionsWanted, SubscriptionInfo
from fastsfu.session.session import Session
from fastsfu.sfu import SFU
from tests.support.aiortc_client import Picture, Tone, new_connection

# Small, and found at every address of this machine.
CONFIG = Config(
    media_port=0,
    open_rooms=True,
    max_transports=64,
    max_streams=512,
    max_buffers=4096,
)


async def until(what: str, holds: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait for something that no event tells of; fails after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None


class DomainPeer:
    """`await peer.join(sfu)`: sends a tone and a picture, and receives all that there is."""

    session: Session

    def __init__(self) -> None:
        self.connection, self.sinks = new_connection()
        self.events: list[Event] = []
        self.subscriptions: dict[str, SubscriptionInfo] = {}
        self.alter: Callable[[str], str] = lambda sdp: sdp  # what becomes of its offers
        self.alter_answer: Callable[[str], str] = lambda sdp: sdp
        self._receiving = {"audio": 0, "video": 0}
        self._wanted = asyncio.Event()
        self._offering: asyncio.Task[None] | None = None

    async def join(self, sfu: SFU, room: str = "standup", *, sends: bool = True) -> "DomainPeer":
        self.session = await sfu.open_session(room, signaler=self)
        if sends:
            for track in (Tone(), Picture()):
                self.connection.addTransceiver(track, direction="sendonly")
        if sends or any(self.session.wanted_sections().values()):
            self._wanted.set()
        self._offering = asyncio.create_task(self._offer_when_wanted())
        return self

    def send(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, SectionsWanted):
            self._wanted.set()

    async def close(self) -> None:
        """Close the connection as a browser does when its page goes: with a close_notify."""
        if self._offering is not None:
            self._offering.cancel()
        await self.connection.close()

    async def vanish(self) -> None:
        """Go without a word: nothing is sent any more, nothing answered."""
        if self._offering is not None:
            self._offering.cancel()
        ice = self.connection.getTransceivers()[0].sender.transport.transport
        await ice._connection.close()

    @property
    def ended(self) -> str | None:
        return next((event.reason for event in self.events if isinstance(event, Ended)), None)

    def frames(self, kind: str) -> int:
        """Frames received of all tracks of a kind."""
        return sum(sink.frames for sink in self.sinks if sink.kind == kind)

    async def receives(self, kind: str, more: int = 5) -> None:
        """Wait for `more` frames of a kind than there were."""
        enough = self.frames(kind) + more
        await until(f"{more} frames of {kind}", lambda: self.frames(kind) >= enough)

    async def _offer_when_wanted(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            for kind, wanted in self.session.wanted_sections().items():
                for _ in range(wanted - self._receiving[kind]):
                    self.connection.addTransceiver(kind, direction="recvonly")
                self._receiving[kind] = max(self._receiving[kind], wanted)
            await self.connection.setLocalDescription(await self.connection.createOffer())
            answer = await self.session.offer(self.alter(self.connection.localDescription.sdp))
            self.subscriptions = dict(answer.subscriptions)
            sdp = self.alter_answer(answer.sdp)
            await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))


def with_other_fingerprint(sdp: str) -> str:
    """The offer of somebody who has another certificate."""
    return re.sub(r"(a=fingerprint:\S+ )..", r"\g<1>00", sdp)
