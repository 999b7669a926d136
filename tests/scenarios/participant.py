"""One emulated client: ICE checks, SRTP by libsrtp, RTCP, what it sends and what it watches."""

import random
import socket
import struct
from typing import Any

from pylibsrtp import Error, Policy, Session

from tests.native.faces.twcc import Twcc
from tests.scenarios import rtcp
from tests.scenarios.flows import (
    AUDIO_PT,
    RED_PT,
    RTX_PT,
    VIDEO_PT,
    Camera,
    Microphone,
    Viewer,
    parse,
    transport_number,
)
from tests.scenarios.network import Link
from tests.support import stun
from tests.support.red import slow_red

GCM = 7
CHECK_US, RETRY_US = (
    2_500_000,
    100_000,
)  # as Chromium pings a pair that works, and one that does not
REPORT_US = 1_370_000  # not in step with the worker's own reports
NTP_EPOCH = 3_900_000_000 << 32


def srtp_session(key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    policy.window_size = 1024
    return Session(policy)


class Participant:
    def __init__(self, world: Any, name: str, chance: random.Random, **path: Any) -> None:
        self.world, self.name, self.chance = world, name, chance
        self.up, self.down = Link(chance, **path), Link(chance, **path)
        self.ufrag = "".join(chance.choices("abcdefghijklmnop", k=8))
        self.password = "".join(chance.choices("abcdefghijklmnop", k=24))
        self.remote_ufrag, self.remote_password = "client", "r" * 22
        self.sockets = [self._bind()]
        self.cameras: list[Camera] = []
        self.microphones: list[Microphone] = []
        self.viewers: dict[int, Viewer] = {}
        self.heard: list[tuple[int, int, int, int]] = []
        self.redundant: list[int] = []
        self.reports: list[tuple[int, int, int, int]] = []
        self.feedback: list[bytes] = []
        self.demands: list[tuple[int, int, list[int]]] = []  # REMB: when, bits a second, SSRCs
        self.answers: list[bytes] = []
        self.byes: list[int] = []
        self.ledger: dict[tuple[str, int, int], bytes] = {}
        self.packets = 0  # of RTP that have left for it, repeats too
        self.keyed = self.gone = self.answered = False
        self.consents = True  # it answers when it is asked
        self.check_us = self.report_us = self.replays = 0
        self.transport_seq = 65_400
        self.sent_seqs: dict[int, int] = {}
        self.receiver_ssrc = chance.getrandbits(32)
        self.arrivals = Twcc()  # of transport-wide numbers, which it tells of each 100 ms
        self.tells = True
        self.tell_us = 0
        self.filler = 0
        self.numbers: list[int] = []  # transport-wide, as they were sent
        self.transport = world.transport(
            local_ufrag=self.ufrag,
            local_password=self.password,
            remote_ufrag=self.remote_ufrag,
            remote_password=self.remote_password,
            extensions={0: 1, 1: 5, 2: 6, 3: 3, 4: 10, 5: 12, 6: 13, 7: 14},
        )

    def _bind(self) -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind(("127.0.0.1", 0))
        opened.setblocking(False)
        return opened

    @property
    def address(self) -> tuple[str, int]:
        return self.sockets[-1].getsockname()

    def move(self) -> None:
        """To another address, as from one network to another; the old socket hears on."""
        self.sockets.append(self._bind())
        self.check_us, self.answered = 0, False

    def exchange_keys(self) -> None:
        """What DTLS would have done; `hand_over` then gives the worker its side."""
        keys = [self.chance.randbytes(28), self.chance.randbytes(28)]
        self.outward = srtp_session(keys[0], Policy.SSRC_ANY_OUTBOUND)
        self.inward = srtp_session(keys[1], Policy.SSRC_ANY_INBOUND)
        parts = [part for key in keys for part in (key[:16], key[16:])]
        self.hand_over = lambda: self.world.set_keys(self.transport, GCM, *parts)
        self.keyed = True

    # What leaves.

    def tick(self, now_us: int) -> None:
        if self.gone:
            return
        if now_us >= self.check_us:
            self.check_us = now_us + (CHECK_US if self.answered else RETRY_US)
            self.check(now_us, nominate=True)
        if not self.keyed:
            return
        for source in (*self.cameras, *self.microphones):
            self.send_media(now_us, source.tick(now_us))
        if now_us >= self.report_us:
            self.report_us = now_us + REPORT_US
            self.report(now_us)
        if self.tells and now_us >= self.tell_us:
            self.tell_us = now_us + 100_000
            while (feedback := self.arrivals.write(1200, self.receiver_ssrc, 0)) is not None:
                self.send_rtcp(now_us, feedback)
        for ssrc, viewer in self.viewers.items():
            seqs = viewer.nacks(now_us)
            for at in range(0, len(seqs), 100):
                part = seqs[at : at + 100]
                self.send_rtcp(now_us, rtcp.nack(self.receiver_ssrc, ssrc, part))
            if viewer.needs_key(now_us):
                self.send_rtcp(now_us, rtcp.pli(self.receiver_ssrc, ssrc))

    def check(self, now_us: int, *, nominate: bool) -> None:
        attributes = [
            (0x0006, f"{self.ufrag}:{self.remote_ufrag}".encode()),
            (0x0024, (1 << 30).to_bytes(4, "big")),
            (0x802A, bytes(8)),
            *([(0x0025, b"")] if nominate else []),
        ]
        self.up.send(now_us, stun.request(*attributes, password=self.password.encode()))

    def send_media(self, now_us: int, packets: list[bytes]) -> None:
        """Each with its transport-wide number put before the others."""
        for packet in packets:
            words = int.from_bytes(packet[14:16], "big") + 1
            element = struct.pack("!BHB", 0x31, self.transport_seq & 0xFFFF, 0)
            if packet[12:14] != b"\xbe\xde":
                element = struct.pack("!BBH", 3, 2, self.transport_seq & 0xFFFF)
            head = packet[:14] + words.to_bytes(2, "big") + element
            self.sent_seqs[self.transport_seq] = now_us
            self.transport_seq += 1
            self.up.send(now_us, self.outward.protect(head + packet[16:]))

    def send_rtcp(self, now_us: int, feedback: bytes) -> None:
        compound = rtcp.receiver_report(self.receiver_ssrc) + feedback
        self.up.send(now_us, self.outward.protect_rtcp(compound))

    def report(self, now_us: int) -> None:
        for source in (*self.cameras, *(one for one in self.microphones if one.on)):
            ntp = NTP_EPOCH + (now_us << 32) // 1_000_000
            ts = source.timestamp(now_us)
            self.send_rtcp(
                now_us, rtcp.sender_report(source.ssrc, ntp, ts, source.packets, source.octets)
            )

    # What arrives.

    def drain(self, now_us: int) -> int:
        """Take what the worker sent to our sockets and put it on the path; how many."""
        count = 0
        for opened in self.sockets:
            while True:
                try:
                    datagram = opened.recv(2048)
                except BlockingIOError:
                    break
                count += 1
                self._record(datagram)
                if opened is self.sockets[-1]:
                    self.down.send(now_us, datagram)
        return count

    def _record(self, datagram: bytes) -> None:
        """Whatever is sent under one SRTP index must be the same bytes: else a nonce came twice."""
        if datagram[0] < 128:
            return
        if 192 <= datagram[1] <= 223:
            key = (
                "rtcp",
                int.from_bytes(datagram[4:8], "big"),
                int.from_bytes(datagram[-4:], "big"),
            )
            assert key not in self.ledger, f"SRTCP index {key} came twice"
        else:
            self.packets += 1
            if (number := transport_number(datagram)) is not None:
                self.numbers.append(number)
            ssrc = int.from_bytes(datagram[8:12], "big")
            key = ("rtp", ssrc, int.from_bytes(datagram[2:4], "big"))
        assert self.ledger.setdefault(key, datagram) == datagram, f"two packets under {key}"

    def receive(self, now_us: int) -> None:
        for arrival_us, datagram in self.down.arrived(now_us):
            if self.gone:
                continue
            if datagram[0] >= 128 and not 192 <= datagram[1] <= 223:
                self._tell_of(datagram, arrival_us)
            if datagram[:2] == stun.REQUEST:
                if self.consents:
                    answer = stun.success(datagram, password=self.remote_password.encode())
                    self.up.send(now_us, answer)
            elif datagram[0] < 4:
                self.answers.append(datagram)
                self.answered = True
            elif 192 <= datagram[1] <= 223:
                self._on_rtcp(now_us, self.inward.unprotect_rtcp(datagram))
            else:
                self._on_srtp(now_us, datagram)

    def _tell_of(self, datagram: bytes, arrival_us: int) -> None:
        if (number := transport_number(datagram)) is not None:
            self.arrivals.packet(number, arrival_us)

    def _on_srtp(self, now_us: int, datagram: bytes) -> None:
        """Without RTX a repair may come when the original, or another repair, did so: a replay."""
        try:
            packet = self.inward.unprotect(datagram)
        except Error as refused:
            if "replay" not in str(refused):
                raise
            self.replays += 1
            return
        self._on_rtp(now_us, packet)

    def _on_rtp(self, now_us: int, packet: bytes) -> None:
        pt, _, seq, ts, ssrc, payload = parse(packet)
        if pt == RED_PT:
            blocks = slow_red(payload)
            assert blocks is not None
            self.redundant += [int.from_bytes(one[-4:], "big") for _, _, one in blocks[:-1]]
        if pt in (AUDIO_PT, RED_PT):
            self.heard.append((ssrc, seq, ts, int.from_bytes(payload[-4:], "big")))
            return
        viewer = next(v for v in self.viewers.values() if ssrc in (v.ssrc, v.rtx_ssrc))
        assert pt == (VIDEO_PT if ssrc == viewer.ssrc else RTX_PT)
        if pt == RTX_PT and not payload:
            self.filler += 1  # of a probe
            return
        if pt == RTX_PT:
            seq, payload = int.from_bytes(payload[:2], "big"), payload[2:]
        viewer.packet = packet
        viewer.take(now_us, seq, ts, payload, repair=pt == RTX_PT)

    def _on_rtcp(self, now_us: int, compound: bytes) -> None:
        for kind, count, body in rtcp.walk(compound):
            if kind == 200:
                self.reports.append((now_us, *rtcp.read_sender_report(body)))
            elif kind == 203:
                self.byes += struct.unpack(f"!{count}I", body[: 4 * count])
            elif (kind, count) == (205, 15):
                self.feedback.append(rtcp.packet(kind, count, body))
            elif (kind, count) == (206, 15):
                self.demands.append((now_us, *rtcp.read_remb(body)))
            elif kind in (205, 206):
                self._on_feedback(now_us, kind, count, body)

    def _on_feedback(self, now_us: int, kind: int, form: int, body: bytes) -> None:
        media = int.from_bytes(body[4:8], "big")
        for camera in self.cameras:
            if (kind, form) == (206, 4):
                camera.on_fir(rtcp.read_fir(body))
            if camera.ssrc != media:
                continue
            if (kind, form) == (205, 1):
                self.send_media(now_us, camera.again(rtcp.read_nack(body)))
            elif (kind, form) == (206, 1) and not camera.knows_only_fir:
                camera.wants_key = True
