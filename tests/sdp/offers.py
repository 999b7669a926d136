"""Recorded offers, offers made by hand, and answers to them with ordinary values."""

from collections.abc import Collection, Mapping
from pathlib import Path

from fastsfu.sdp.codecs import AUDIO_CODECS, VIDEO_CODECS
from fastsfu.sdp.negotiate import Offer, SentStream, read_offer, write_answer
from fastsfu.transport.dtls import Certificate
from fastsfu.transport.ice import host_candidates, new_password, new_ufrag

VECTORS = Path(__file__).parent.parent / "vectors" / "sdp"
NAMES = sorted(path.stem for path in VECTORS.glob("*.sdp"))
CERTIFICATE = Certificate.generate()

FINGERPRINT = ":".join(["AB"] * 32)
TRANSPORT = (
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    f"a=fingerprint:sha-256 {FINGERPRINT}\r\na=setup:actpass\r\n"
)


def section(mid: str, kind: str = "audio", attributes: str = "", formats: str = "") -> str:
    """A section as short as it can be taken."""
    payload = {"audio": ("111", "opus/48000/2"), "video": ("96", "VP8/90000")}[kind]
    return (
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {formats or payload[0]}\r\nc=IN IP4 0.0.0.0\r\n"
        f"a=mid:{mid}\r\n{TRANSPORT}a=rtcp-mux\r\na=rtpmap:{' '.join(payload)}\r\n{attributes}"
    )


def offer(*sections: str, session: str = "a=group:BUNDLE 0 1\r\n") -> str:
    return f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{session}{''.join(sections)}"


PAIR = offer(section("0"), section("1", "video"))


def recorded(name: str) -> str:
    """The offer in tests/vectors/sdp/NAME.sdp."""
    return (VECTORS / f"{name}.sdp").read_bytes().decode()


def read(text: str) -> Offer:
    return read_offer(text, video_codecs=list(VIDEO_CODECS), audio_codecs=list(AUDIO_CODECS))


def stream(number: int, *, rtx: bool = True) -> SentStream:
    """The stream of somebody: numbers give SSRCs and names."""
    return SentStream(
        ssrc=1000 + number,
        rtx_ssrc=2000 + number if rtx else None,
        cname=f"cname{number}",
        msid_stream=f"stream{number}",
        msid_track=f"track{number}",
    )


def answer(
    offer: Offer,
    sending: Mapping[str, SentStream] | None = None,
    receiving: Collection[str] | None = None,
    version: int = 1,
    credentials: tuple[str, str] | None = None,
) -> str:
    """By default every accepted section that the client sends in is received."""
    if receiving is None:
        receiving = [s.mid for s in offer.sections if s.client_sends and not s.rejected]
    ice_ufrag, ice_pwd = credentials or (new_ufrag(), new_password())
    return write_answer(
        offer,
        ice_ufrag=ice_ufrag,
        ice_pwd=ice_pwd,
        fingerprint=CERTIFICATE.fingerprint,
        candidates=host_candidates(["192.0.2.1", "2001:db8::1"], 8443),
        sending=sending or {},
        receiving=receiving,
        version=version,
        max_message_bytes=65536,
    )
