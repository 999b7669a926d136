"""The media of a call: one aiortc connection at a time, and its offers.

A section whose publication has ended carries the next one (RFC 9429 section 5.2.2: offers do not
grow for ever), with a fresh receiver: aiortc's ends with the stream that it began with (RTCP BYE).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)

from fastsfu.client.errors import CallError
from fastsfu.client.tracks import Track

ANSWER_SECONDS = 20.0
KINDS = ("audio", "video")

Message = dict[str, Any]


class Media:
    """One call's. `tracks` by (session id, source) are those that are received."""

    def __init__(
        self,
        send: Callable[[Message], Awaitable[None]],
        opened: Callable[[RTCPeerConnection], None],
        started: Callable[[Track], None],
        stopped: Callable[[Track], None],
        problem: Callable[[CallError], None],
    ) -> None:
        """`opened` is called with each new connection, before its first offer."""
        self.tracks: dict[tuple[str, str], Track] = {}
        self.published: dict[str, Any] = {}  # aiortc's tracks by source
        self.held: set[str] = set()  # sources that a host has turned off
        self._send = send
        self._opened = opened
        self._started = started
        self._stopped = stopped
        self._problem = problem
        self._connection: RTCPeerConnection | None = None
        self._senders: dict[str, Any] = {}  # transceivers by source
        self._receiving: dict[str, list[Any]] = {kind: [] for kind in KINDS}
        self._by_mid: dict[str, Track] = {}
        self._wanted = dict.fromkeys(KINDS, 0)
        self._offers = 0
        self._answer: asyncio.Future[Message] | None = None
        self._due = asyncio.Event()

    async def begin(self, joined: Message) -> None:
        """A new connection, of a new session."""
        self.repeat()  # of the old session nobody answers
        await self.close()
        servers = [
            RTCIceServer(each["urls"], each["username"], each["credential"])
            for each in joined["ice_servers"]
            if not each["peer_only"]
        ]
        configuration = RTCConfiguration(
            iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE
        )
        self._connection = RTCPeerConnection(configuration)
        for source in self.published:
            self._apply(source)
        self.want(joined["sections"])
        self._make_sections(self._connection, least=1)
        self._opened(self._connection)

    def want(self, sections: Message) -> None:
        """So many receiving sections are wanted now."""
        self._wanted = {kind: sections[kind] for kind in KINDS}
        self._due.set()

    def repeat(self) -> None:
        """Signaling is back: an offer may have got lost."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(CallError("negotiation-error", "Signaling was lost."))
        self._due.set()

    def publish(self, source: str, track: Any) -> None:
        """Send this track from now on; None: nothing, but the section stays."""
        self.published[source] = track
        self._apply(source)

    def hold(self, sources: set[str]) -> None:
        """Send nothing of these, and all others that are published."""
        changed, self.held = self.held ^ sources, sources
        for source in changed & self.published.keys():
            self._apply(source)

    def answered(self, message: Message) -> bool:
        """The server's answer to an offer, or its refusal; False: to none that is in flight."""
        if self._answer is None or self._answer.done() or message.get("id") != self._offers:
            return False
        if message["type"] == "answer":
            self._answer.set_result(message)
        else:
            self._answer.set_exception(CallError(message["error"], message["info"]))
        return True

    async def forget(self, session_id: str) -> None:
        """They have left: what was received of them has ended."""
        for mid, track in list(self._by_mid.items()):
            if track.session_id == session_id:
                await self._end(mid)

    async def run(self) -> None:
        """Offer whenever there is reason to."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._negotiate()
            except CallError as error:
                self._problem(error)

    async def close(self) -> None:
        for mid in list(self._by_mid):
            await self._end(mid)
        connection, self._connection = self._connection, None
        self._senders.clear()
        self._receiving = {kind: [] for kind in KINDS}
        if connection is not None:
            await connection.close()

    def _apply(self, source: str) -> None:
        """Bring what is sent to what is published and not held."""
        track = None if source in self.held else self.published[source]
        if self._connection is None:
            return
        if source in self._senders:
            self._senders[source].sender.replaceTrack(track)
        elif track is not None:
            self._senders[source] = self._connection.addTransceiver(track, direction="sendonly")
            self._due.set()

    async def _negotiate(self) -> None:
        connection = self._connection
        if connection is None:
            return
        self._make_sections(connection)
        await connection.setLocalDescription(await connection.createOffer())
        answer = await self._exchange(connection)
        if connection is not self._connection:
            return  # a new session has begun meanwhile
        await self._end_others(answer["subscriptions"])
        await connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
        self._start(answer["subscriptions"])

    def _make_sections(self, connection: RTCPeerConnection, least: int = 0) -> None:
        """As many as are wanted. aiortc needs one of media before there are data channels, or it
        never connects the media that comes later.
        """
        for kind, wanted in self._wanted.items():
            while len(self._receiving[kind]) < max(wanted, least):
                transceiver = connection.addTransceiver(kind, direction="recvonly")
                self._receiving[kind].append(transceiver)

    async def _exchange(self, connection: RTCPeerConnection) -> Message:
        self._offers += 1
        self._answer = asyncio.get_running_loop().create_future()
        offer = {
            "type": "offer",
            "id": self._offers,
            "sdp": connection.localDescription.sdp,
            "tracks": {each.mid: source for source, each in self._senders.items()},
        }
        await self._send(offer)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._answer
        except TimeoutError:
            info = "An offer was not answered in time."
            raise CallError("negotiation-error", info) from None

    async def _end_others(self, subscriptions: dict[str, Message]) -> None:
        """What sections carry no longer, before the answer gives them something else."""
        for mid, track in list(self._by_mid.items()):
            said = {"session_id": track.session_id, "source": track.source}
            if track.ended or subscriptions.get(mid) != said:
                await self._end(mid)

    def _start(self, subscriptions: dict[str, Message]) -> None:
        """What sections carry now."""
        transceivers = {each.mid: each for kind in KINDS for each in self._receiving[kind]}
        for mid, said in subscriptions.items():
            received = mid in transceivers and transceivers[mid].receiver.track
            if received and mid not in self._by_mid:  # they may have left meanwhile
                track = Track(said["session_id"], said["source"], received)
                self._by_mid[mid] = self.tracks[track.session_id, track.source] = track
                self._started(track)

    async def _end(self, mid: str) -> None:
        track = self._by_mid.pop(mid)
        if self.tracks.get((track.session_id, track.source)) is track:
            del self.tracks[track.session_id, track.source]
        for transceiver in self._receiving[track.kind]:
            if transceiver.mid == mid:
                await _renew(transceiver)
        await track.close()
        self._stopped(track)


async def _renew(transceiver: RTCRtpTransceiver) -> None:
    """Make its receiver as good as new: aiortc starts each but once, and has no other for it."""
    receiver, kind = transceiver.receiver, transceiver.kind
    await receiver.stop()
    if receiver.transport.state != "closed":
        type(receiver).__init__(receiver, kind, receiver.transport)
        receiver._set_rtcp_ssrc(transceiver.sender._ssrc)
        transceiver._setCurrentDirection("inactive")  # it starts when an answer gives it something
