"""One client as the load generator needs it: SDP, then ICE, DTLS and SRTP.

Set-up is plain blocking Python; once `connect` has returned, the player takes the socket.
"""

import contextlib
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from socket import AF_INET, SOCK_DGRAM
from socket import socket as Socket

from aioice import stun
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL
from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

from benchmarks.load.certificate import Identity

HANDSHAKE_TIMEOUT = 5.0
CHECK_AGAIN_AFTER = 0.5
PROFILES = {
    "AEAD_AES_128_GCM": (b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    "AEAD_AES_256_GCM": (b"SRTP_AEAD_AES_256_GCM", Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
    "AES128_CM_SHA1_80": (b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
}
VIDEO_FORMATS = {  # payload type, rtpmap, fmtp
    "VP8": (96, "VP8/90000", ""),
    "VP9": (98, "VP9/90000", "profile-id=0"),
    "H264": (
        102,
        "H264/90000",
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    ),
    "AV1": (45, "AV1/90000", "level-idx=5;profile=0;tier=0"),
}
AUDIO_PT = 111
EXTENSIONS = (
    (3, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"),
    (4, "urn:ietf:params:rtp-hdrext:sdes:mid"),
    (5, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
)


def srtp_addresses() -> dict[str, int]:
    """Where libsrtp's functions are, for the player to call without Python."""
    names = ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp")
    return {n: int(ffi.cast("uintptr_t", ffi.addressof(lib, n))) for n in names}


@dataclass
class Description:
    """What a client needs of the server's SDP."""

    ufrag: str
    password: str
    address: tuple[str, int]
    fingerprint: str  # SHA-256, "AB:CD:..."

    @classmethod
    def parse(cls, sdp: str, host: str) -> "Description":
        """With the candidate at `host`; ValueError, with the SDP, when something is missing."""
        candidate = rf"^a=candidate:\S+ 1 udp \d+ {re.escape(host)} (\d+) typ host"
        port = re.search(candidate, sdp, re.M | re.I)
        found = [
            re.search(pattern, sdp, re.M)
            for pattern in (
                r"^a=ice-ufrag:(\S+)",
                r"^a=ice-pwd:(\S+)",
                r"^a=fingerprint:sha-256 (\S+)",
            )
        ]
        if port is None or None in found:
            raise ValueError(f"the server's SDP lacks ICE or DTLS attributes:\n{sdp}")
        ufrag, password, fingerprint = (match[1] for match in found if match)
        return cls(ufrag, password, (host, int(port[1])), fingerprint)

    def check(self, ufrag: str) -> bytes:
        """A Binding request that nominates (RFC 8445), from who has this ufrag."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self.ufrag}:{ufrag}"
        request.attributes["PRIORITY"] = 1853824767
        request.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self.password.encode())
        request.add_fingerprint()
        return bytes(request)


@dataclass
class Peer:
    """A sender or receiver with its socket."""

    identity: Identity
    profile: str = "AEAD_AES_128_GCM"
    ssrcs: tuple[int, int] = (0, 0)  # audio, video; a sender's own
    ufrag: str = field(default_factory=lambda: secrets.token_hex(4))
    password: str = field(default_factory=lambda: secrets.token_hex(12))
    host: str = "127.0.0.1"  # our address
    server_host: str = ""  # the server's; empty: the same
    socket: Socket = field(default_factory=lambda: Socket(AF_INET, SOCK_DGRAM))

    def __post_init__(self) -> None:
        self.socket.bind((self.host, 0))

    def describe(self, kinds: Sequence[str], codec: str, *, sends: bool) -> str:
        """An SDP offer, or answer, with a section for each of `kinds` ("audio", "video")."""
        mids = " ".join(str(mid) for mid in range(len(kinds)))
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}"]
        for mid, kind in enumerate(kinds):
            lines += self._section(str(mid), kind, codec, sends)
        return "\r\n".join(lines) + "\r\n"

    def _section(self, mid: str, kind: str, codec: str, sends: bool) -> list[str]:
        pt, rtpmap, fmtp = (AUDIO_PT, "opus/48000/2", "minptime=10;useinbandfec=1")
        if kind == "video":
            pt, rtpmap, fmtp = VIDEO_FORMATS[codec]
        lines = [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {pt}",
            *("c=IN IP4 0.0.0.0", f"a=mid:{mid}", "a=rtcp-mux", "a=rtcp-rsize"),
            *("a=sendonly" if sends else "a=recvonly", "a=setup:active"),
            *(f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.password}"),
            f"a=fingerprint:sha-256 {self.identity.fingerprint}",
            f"a=candidate:1 1 udp 2130706431 {self.host} {self.socket.getsockname()[1]} typ host",
            *(f"a=extmap:{number} {uri}" for number, uri in EXTENSIONS),
            *(f"a=rtpmap:{pt} {rtpmap}", f"a=rtcp-fb:{pt} transport-cc"),
            *([f"a=fmtp:{pt} {fmtp}"] if fmtp else []),
        ]
        if kind == "video":
            lines += [f"a=rtcp-fb:{pt} {what}" for what in ("nack", "nack pli", "ccm fir")]
        if sends:
            ssrc = self.ssrcs[kind == "video"]
            lines += ["a=msid:load " + kind, f"a=ssrc:{ssrc} cname:load"]
        return lines

    def connect(self, server: str) -> None:
        """Check and shake hands with the server that described itself by this SDP.

        Raises ValueError, TimeoutError.
        """
        description = Description.parse(server, self.server_host or self.host)
        self.socket.connect(description.address)
        self._check(description)
        self._shake_hands(description)
        self.socket.setblocking(False)

    def _check(self, server: Description) -> None:
        """A Binding request that nominates, again until it is answered (RFC 8489 section 6.2.1);
        the player sends it for consent (RFC 7675).
        """
        self.consent_check = server.check(self.ufrag)
        self.socket.settimeout(CHECK_AGAIN_AFTER)
        deadline = time.monotonic() + HANDSHAKE_TIMEOUT
        while time.monotonic() < deadline:
            self.socket.send(self.consent_check)
            with contextlib.suppress(TimeoutError):
                while time.monotonic() < deadline:
                    if self._is_answered(self.socket.recv(2048), server):
                        return
        raise TimeoutError("the connectivity check was not answered")

    def _is_answered(self, datagram: bytes, server: Description) -> bool:
        """The port may have been another client's a moment ago, whose media still comes."""
        is_stun = datagram[0] < 4  # RFC 7983
        return is_stun and self._checked(stun.parse_message(datagram), server)

    def _checked(self, message: stun.Message, server: Description) -> bool:
        """Whether this answers our check; a server that checks us gets its answer."""
        if message.message_class is stun.Class.REQUEST:
            reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            reply.attributes["XOR-MAPPED-ADDRESS"] = server.address
            reply.add_message_integrity(self.password.encode())
            reply.add_fingerprint()
            self.socket.send(bytes(reply))
        if message.message_class is stun.Class.ERROR:
            raise ValueError(f"the connectivity check was refused: {message}")
        return message.message_class is stun.Class.RESPONSE

    def _shake_hands(self, server: Description) -> None:
        context = SSL.Context(SSL.DTLS_METHOD)
        context.use_certificate(self.identity.certificate)
        context.use_privatekey(self.identity.key)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        srtp_name, policy, key_bytes, salt_bytes = PROFILES[self.profile]
        context.set_tlsext_use_srtp(srtp_name)
        self.dtls = SSL.Connection(context)
        self.dtls.set_ciphertext_mtu(1200)
        self.dtls.set_connect_state()
        deadline = time.monotonic() + HANDSHAKE_TIMEOUT
        while not self._handshake_step():
            if time.monotonic() > deadline:
                raise TimeoutError("the DTLS handshake was not answered")
            self._receive_dtls(server)
        self.socket.settimeout(None)
        certificate = self.dtls.get_peer_certificate(as_cryptography=True)
        assert isinstance(certificate, x509.Certificate)
        digest = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
        if digest != server.fingerprint.upper():
            raise ValueError(f"certificate {digest} is not the announced {server.fingerprint}")
        keys = self.dtls.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (key_bytes + salt_bytes)
        )
        self._make_sessions(keys, policy, key_bytes, salt_bytes)

    def _handshake_step(self) -> bool:
        done = True
        try:
            self.dtls.do_handshake()
        except SSL.WantReadError:
            done = False
        self._flush()
        return done

    def _flush(self) -> None:
        try:
            while True:
                self.socket.send(self.dtls.bio_read(1500))
        except SSL.WantReadError:
            return

    def _receive_dtls(self, server: Description) -> None:
        """The next datagram, or a retransmission when it is time for one."""
        self.socket.settimeout(self.dtls.DTLSv1_get_timeout() or HANDSHAKE_TIMEOUT)
        try:
            datagram = self.socket.recv(2048)
        except TimeoutError:
            self.dtls.DTLSv1_handle_timeout()
            return
        self._is_answered(datagram, server)
        if 20 <= datagram[0] <= 63:
            self.dtls.bio_write(datagram)

    def _make_sessions(self, keys: bytes, profile: int, key_bytes: int, salt_bytes: int) -> None:
        """RFC 5764 section 4.2: client key, server key, client salt, server salt."""
        salts = keys[2 * key_bytes :]
        ours = keys[:key_bytes] + salts[:salt_bytes]
        theirs = keys[key_bytes : 2 * key_bytes] + salts[salt_bytes:]
        self.protect = Session(Policy(ours, Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))
        self.unprotect = Session(Policy(theirs, Policy.SSRC_ANY_INBOUND, srtp_profile=profile))

    @property
    def native(self) -> tuple[int, int, int, bytes]:
        """(socket, srtp_t to the server, srtp_t from it, consent check), for the player."""
        addresses = [
            int(ffi.cast("uintptr_t", session._srtp[0]))
            for session in (self.protect, self.unprotect)
        ]
        return self.socket.fileno(), addresses[0], addresses[1], self.consent_check
