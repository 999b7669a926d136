"""A client of app messages for the load generator: signaling over WSS, then ICE, DTLS and SCTP by
the project's own native code, and frames as docs/app-messages.md says.
"""

import contextlib
import json
import secrets
import ssl
import time
from collections.abc import Callable
from socket import AF_INET, SOCK_DGRAM
from socket import socket as Socket
from typing import Any

from websockets import Subprotocol
from websockets.sync.client import connect

from benchmarks.load.peer import HANDSHAKE_TIMEOUT, Description
from benchmarks.load.server import ServerProcess
from fastsfu.transport.dtls import Certificate
from fastsfu.transport.frames import CHANNEL_ID
from tests.native.faces.dtls import Association as Dtls
from tests.native.faces.dtls import Identity
from tests.native.faces.sctp import Association as Sctp
from tests.native.faces.sctp import handle_timers

ACK_MESSAGES = 32
ACK_SECONDS = 0.2
CONSENT_SECONDS = 10.0
PPID_TEXT = 51
SCTP_TICK = 0.01  # seconds


class Talker:
    """`join` blocks; afterwards its owner calls `readable` and, a hundred times a second, `due`."""

    def __init__(self, certificate: Certificate, on_messages: Callable[["Talker", Any], None]):
        """`on_messages` gets each list of messages that comes."""
        self.certificate = certificate
        self.on_messages = on_messages
        self._open = contextlib.ExitStack()
        self.socket = Socket(AF_INET, SOCK_DGRAM)
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.identity = Identity(certificate.certificate_pem, certificate.private_key_pem)
        self.dtls = Dtls(self.identity, True)
        self.sctp = Sctp(5000, 1 << 20)
        self.number = self.acked = 0
        self.received = self._told = 0
        self._ack_due = self._consent_due = 0.0
        self.welcome = False

    def join(self, server: ServerProcess, room: str, token: str) -> None:
        """Raises TimeoutError, ValueError."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        url = server.url.replace("https", "wss") + "/v1/signal"
        # What signaling says later is not looked at: nothing may wait for that.
        quiet: dict[str, Any] = {"ping_interval": None, "max_queue": None, "close_timeout": 0.2}
        self.signaling = self._open.enter_context(
            connect(
                url,
                subprotocols=[Subprotocol("fastsfu.v1")],
                ssl=context,
                compression=None,
                **quiet,
            )
        )
        joined = self._ask({"type": "join", "room": room, "token": token}, "joined")
        self.session_id = joined["session_id"]
        offer = {"type": "offer", "id": 1, "sdp": self._offer()}
        answered = self._ask(offer, "answer")
        self._connect(Description.parse(answered["sdp"], "127.0.0.1"))
        self.socket.setblocking(False)

    def ping(self) -> None:
        """What signaling wants to hear every ten seconds."""
        self.signaling.send(json.dumps({"type": "ping", "id": 1}))

    def say(self, *data: Any) -> None:
        """Messages to everybody, in one frame."""
        messages = []
        for each in data:
            self.number += 1
            messages.append({"number": self.number, "data": each})
        self._send({"type": "messages", "messages": messages})

    def readable(self) -> None:
        """Take every datagram that is there."""
        while True:
            try:
                datagram = self.socket.recv(2048)
            except BlockingIOError:
                break
            self._take(datagram)
        self._flush()

    def due(self, now: float) -> None:
        """Acknowledge and ask for consent when it is time to; the caller runs SCTP's timers."""
        if self.received > self._told and now >= self._ack_due:
            self._acknowledge(now)
        if now >= self._consent_due:
            self._consent_due = now + CONSENT_SECONDS
            self.socket.send(self._check)
        self._flush()

    def close(self) -> None:
        self.sctp.close()
        self._flush()
        self.dtls.close()
        self._flush()
        self.socket.close()
        self._open.close()

    def _ask(self, message: dict[str, Any], kind: str) -> dict[str, Any]:
        self.signaling.send(json.dumps(message))
        while True:
            answer: dict[str, Any] = json.loads(self.signaling.recv(HANDSHAKE_TIMEOUT))
            if answer["type"] == "error":
                raise ValueError(f"{message['type']}: {answer['info']}")
            if answer["type"] == kind:
                return answer

    def _offer(self) -> str:
        fingerprint = self.certificate.fingerprint
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0"]
        lines += ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0"]
        lines += ["a=mid:0", "a=setup:active", f"a=fingerprint:sha-256 {fingerprint}"]
        lines += [f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.password}"]
        lines += ["a=sctp-port:5000", "a=max-message-size:1048576"]
        return "\r\n".join(lines) + "\r\n"

    def _connect(self, answer: Description) -> None:
        self._check = answer.check(self.ufrag)
        self.socket.connect(answer.address)
        self.socket.settimeout(HANDSHAKE_TIMEOUT)
        self.socket.send(self._check)
        self.socket.recv(2048)
        self.dtls.start()
        self._flush()
        while self.dtls.state == "handshaking":
            self._take(self.socket.recv(2048))
            self._flush()
        digest = bytes.fromhex(answer.fingerprint.replace(":", ""))
        if not self.dtls.peer_matches("sha-256", digest):
            raise ValueError("the server's certificate is not that of its answer")
        self.dtls.read_data()
        self.sctp.connect()
        self._flush()
        self._await_welcome(time.monotonic() + HANDSHAKE_TIMEOUT)

    def _await_welcome(self, deadline: float) -> None:
        self.socket.settimeout(SCTP_TICK)
        while not self.welcome:
            if time.monotonic() > deadline:
                raise TimeoutError("no SCTP association came about")
            try:
                self._take(self.socket.recv(2048))
            except TimeoutError:
                handle_timers(round(SCTP_TICK * 1000))
            self._flush()

    def _take(self, datagram: bytes) -> None:
        if not 20 <= datagram[0] <= 63:
            return
        self.dtls.receive(datagram)
        if self.dtls.state != "connected":
            return
        for packet in self.dtls.data() or ():
            self.sctp.receive(packet)
        for event in self.sctp.read():
            if event[0] == "up":
                self._send({"type": "hello"})
            elif event[0] == "message":
                self._on_frame(json.loads(event[3]))

    def _on_frame(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "messages":
            self.received += len(frame["messages"])
            self.on_messages(self, frame["messages"])
            if self.received - self._told >= ACK_MESSAGES:
                self._acknowledge(time.monotonic())
        elif kind == "ack":
            self.acked = frame["count"]
        elif kind == "welcome":
            self.welcome = True
        elif kind in ("refused", "lost"):
            raise ValueError(f"the server said {frame}")

    def _acknowledge(self, now: float) -> None:
        self._told = self.received
        self._ack_due = now + ACK_SECONDS
        self._send({"type": "ack", "count": self.received})

    def _send(self, frame: dict[str, Any]) -> None:
        self.sctp.send(CHANNEL_ID, json.dumps(frame).encode(), PPID_TEXT)

    def _flush(self) -> None:
        for packet in self.sctp.take() if self.sctp else ():
            self.dtls.write(packet)
        for datagram in self.dtls.take():
            self.socket.send(datagram)
