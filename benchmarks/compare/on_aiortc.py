"""The forwarder that a Python team would write on aiortc: its ICE, DTLS and SRTP transports.

A packet is parsed, numbered for each receiver, written again and sent by the receiver's transport,
without decoding pictures or sound (as aiortc's own MediaRelay would). Retransmission, keyframe
requests, reports and rights are left out. `python -m benchmarks.compare.on_aiortc PORT` serves HTTP
on PORT of loopback; media is on the addresses that aiortc finds, which are never loopback.
"""

import asyncio
import re
import secrets
import sys
from dataclasses import dataclass, field

import aioice.ice
from aiortc import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceCandidate,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceTransport,
)
from aiortc.rtp import RtpPacket

from benchmarks.compare import whip

aioice.ice.CONSENT_INTERVAL = 3600  # the load's clients answer no checks once they play


@dataclass
class Room:
    """Who receives."""

    receivers: list["Leg"] = field(default_factory=list)


class Leg(RTCDtlsTransport):
    """One client's transport. What a sender sends goes to everybody in its room."""

    def __init__(self, room: Room, certificate: RTCCertificate) -> None:
        self.gatherer = RTCIceGatherer(iceServers=[])
        super().__init__(RTCIceTransport(self.gatherer), [certificate])
        self._set_role("server")
        self.room = room
        self.ssrcs: dict[int, int] = {}  # of what is sent here, by the sender's own

    async def connect(self, offer: str) -> None:
        """Check, shake hands; then packets come."""
        parts = {
            name: re.search(rf"^a={name}:(?:sha-256 )?(\S+)", offer, re.M)
            for name in ("ice-ufrag", "ice-pwd", "fingerprint")
        }
        ufrag, password, fingerprint = (found[1] for found in parts.values() if found)
        address = re.search(r"^a=candidate:\S+ 1 udp (\d+) (\S+) (\d+) typ host", offer, re.M)
        assert address is not None
        candidate = RTCIceCandidate(
            component=1,
            foundation="1",
            ip=address[2],
            port=int(address[3]),
            priority=int(address[1]),
            protocol="udp",
            type="host",
        )
        await self.transport.addRemoteCandidate(candidate)
        await self.transport.addRemoteCandidate(None)
        await self.transport.start(RTCIceParameters(usernameFragment=ufrag, password=password))
        theirs = RTCDtlsFingerprint(algorithm="sha-256", value=fingerprint)
        await self.start(RTCDtlsParameters(fingerprints=[theirs]))

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        packet = RtpPacket.parse(data)
        ssrc = packet.ssrc
        for receiver in self.room.receivers:
            if receiver.state == "connected":
                packet.ssrc = receiver.own_ssrc(ssrc)
                await receiver._send_rtp(packet.serialize())

    def own_ssrc(self, theirs: int) -> int:
        """By which the receiver knows a sender's stream."""
        if theirs not in self.ssrcs:
            self.ssrcs[theirs] = secrets.randbits(32)
        return self.ssrcs[theirs]


class Forwarder:
    """All clients, each with a socket of its own."""

    def __init__(self) -> None:
        self.certificate = RTCCertificate.generateCertificate()
        self.rooms: dict[str, Room] = {}
        self.legs: dict[str, Leg] = {}
        self.connecting: set[asyncio.Task[None]] = set()

    async def join(self, name: str, offer: str, sends: bool) -> tuple[str, str]:
        leg = Leg(self.rooms.setdefault(name, Room()), self.certificate)
        await leg.gatherer.gather()
        ours = leg.gatherer.getLocalParameters()
        assert ours.usernameFragment is not None
        assert ours.password is not None
        self.legs[ours.usernameFragment] = leg
        if not sends:
            leg.room.receivers.append(leg)
        task = asyncio.create_task(leg.connect(offer))
        self.connecting.add(task)
        task.add_done_callback(self.connecting.discard)
        candidates = leg.gatherer.getLocalCandidates()
        at = next(one for one in candidates if ":" not in one.ip)
        fingerprints = leg.getLocalParameters().fingerprints
        digest = next(one.value for one in fingerprints if one.algorithm == "sha-256")
        described = whip.describe(ours.usernameFragment, ours.password, digest, at.ip, at.port)
        return ours.usernameFragment, described

    async def leave(self, ufrag: str) -> None:
        leg = self.legs.pop(ufrag)
        if leg in leg.room.receivers:
            leg.room.receivers.remove(leg)
        await leg.stop()
        await leg.transport.stop()


async def serve(port: int) -> None:
    """Until told to stop."""
    forwarder = Forwarder()
    await whip.serve(forwarder.join, forwarder.leave, port)


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1])))
