"""One client as the load generator needs it: WHIP or WHEP over HTTPS, then ICE, DTLS and SRTP.

Set-up is plain blocking Python; once `connect` has returned, the player takes the socket.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from socket import AF_INET, SOCK_DGRAM
from socket import socket as Socket

import httpx
from aioice import stun
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL
from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

from benchmarks.load.certificate import Identity

HANDSHAKE_TIMEOUT = 5.0
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
)


def srtp_addresses() -> dict[str, int]:
    """Where libsrtp's functions are, for the player to call without Python."""
    names = ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp")
    return {n: int(ffi.cast("uintptr_t", ffi.addressof(lib, n))) for n in names}


@dataclass
class Answer:
    """What a client needs of the server's SDP."""

    ufrag: str
    password: str
    address: tuple[str, int]
    fingerprint: str  # SHA-256, "AB:CD:..."

    @classmethod
    def parse(cls, sdp: str) -> "Answer":
        """Raises ValueError, with the SDP, when something is missing."""
        candidates = re.findall(
            r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", sdp, re.M | re.I
        )
        found = [
            re.search(pattern, sdp, re.M)
            for pattern in (
                r"^a=ice-ufrag:(\S+)",
                r"^a=ice-pwd:(\S+)",
                r"^a=fingerprint:sha-256 (\S+)",
            )
        ]
        if not candidates or None in found:
            raise ValueError(f"the answer lacks ICE or DTLS attributes:\n{sdp}")
        ufrag, password, fingerprint = (match[1] for match in found if match)
        loopback = [c for c in candidates if c[0] == "127.0.0.1"]
        host, port = (loopback or candidates)[0]
        return cls(ufrag, password, (host, int(port)), fingerprint)


@dataclass
class Peer:
    """A sender (WHIP) or receiver (WHEP) with its socket; `close` tells the server goodbye."""

    identity: Identity
    profile: str = "AEAD_AES_128_GCM"
    ssrcs: tuple[int, int] = (0, 0)  # audio, video; a sender's own
    ufrag: str = field(default_factory=lambda: secrets.token_hex(4))
    password: str = field(default_factory=lambda: secrets.token_hex(12))
    socket: Socket = field(default_factory=lambda: Socket(AF_INET, SOCK_DGRAM))
    resource: str = ""

    def offer(self, kinds: Sequence[str], codec: str, *, sends: bool) -> str:
        """An SDP offer with a section for each of `kinds` ("audio", "video")."""
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

    def connect(
        self, http: httpx.Client, path: str, token: str, codec: str, kinds: Sequence[str]
    ) -> None:
        """Signal, check and shake hands, for a media section of each of `kinds`.

        Raises httpx.HTTPStatusError, ValueError, TimeoutError.
        """
        offer = self.offer(kinds, codec, sends="/whip/" in path)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
        response = http.post(path, content=offer, headers=headers)
        if response.status_code != 201:
            raise ValueError(f"{path}: {response.status_code} {response.text}")
        self.resource = response.headers["location"]
        answer = Answer.parse(response.text)
        self.socket.connect(answer.address)
        self.socket.settimeout(HANDSHAKE_TIMEOUT)
        self._check(answer)
        self._shake_hands(answer)
        self.socket.setblocking(False)

    def _check(self, answer: Answer) -> None:
        """One Binding request that nominates; the player sends it again for consent (RFC 7675)."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{answer.ufrag}:{self.ufrag}"
        request.attributes["PRIORITY"] = 1853824767
        request.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(answer.password.encode())
        request.add_fingerprint()
        self.consent_check = bytes(request)
        self.socket.send(self.consent_check)
        reply = stun.parse_message(self.socket.recv(2048))
        if reply.message_class is not stun.Class.RESPONSE:
            raise ValueError(f"the connectivity check was refused: {reply}")

    def _shake_hands(self, answer: Answer) -> None:
        context = SSL.Context(SSL.DTLS_METHOD)
        context.use_certificate(self.identity.certificate)
        context.use_privatekey(self.identity.key)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        srtp_name, policy, key_bytes, salt_bytes = PROFILES[self.profile]
        context.set_tlsext_use_srtp(srtp_name)
        self.dtls = SSL.Connection(context)
        self.dtls.set_ciphertext_mtu(1200)
        self.dtls.set_connect_state()
        while not self._handshake_step():
            self.dtls.bio_write(self._receive_dtls())
        certificate = self.dtls.get_peer_certificate(as_cryptography=True)
        assert isinstance(certificate, x509.Certificate)
        digest = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
        if digest != answer.fingerprint.upper():
            raise ValueError(f"certificate {digest} is not the answer's {answer.fingerprint}")
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

    def _receive_dtls(self) -> bytes:
        while True:
            datagram = self.socket.recv(2048)
            if 20 <= datagram[0] <= 63:
                return datagram

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

    def close(self, http: httpx.Client, token: str) -> None:
        """End the session on the server and free the socket."""
        if self.resource:
            http.delete(self.resource, headers={"Authorization": f"Bearer {token}"})
        self.socket.close()
