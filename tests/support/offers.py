"""Offers as a browser writes them (Chromium's shape, cut to what matters), section by section."""

from dataclasses import dataclass, field, replace

FINGERPRINT = ":".join(["1F"] * 32)
AUDIO = ("111 opus/48000/2",)
VP8 = ("96 VP8/90000", "97 rtx/90000 apt=96")
H264 = (
    "102 H264/90000 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    "103 rtx/90000 apt=102",
)


@dataclass(frozen=True)
class Section:
    """One media section: `mid`, kind, direction as the client sees it, rtpmap lines, its SSRCs."""

    mid: str
    kind: str
    direction: str = "sendonly"
    codecs: tuple[str, ...] = ()
    ssrc: int | None = None
    rtx_ssrc: int | None = None
    rids: tuple[str, ...] = ()  # of several encodings (simulcast)

    def lines(self) -> list[str]:
        codecs = self.codecs or (AUDIO if self.kind == "audio" else VP8)
        types = " ".join(each.split()[0] for each in codecs)
        lines = [
            f"m={self.kind} 9 UDP/TLS/RTP/SAVPF {types}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{self.mid}",
            "a=rtcp-mux",
            "a=rtcp-rsize",
            "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
            f"a={self.direction}",
        ]
        for codec in codecs:
            pt, name, *fmtp = codec.split()
            lines.append(f"a=rtpmap:{pt} {name}")
            lines += [f"a=fmtp:{pt} {each}" for each in fmtp]
            if self.kind == "video" and "rtx" not in name:
                lines += [f"a=rtcp-fb:{pt} nack", f"a=rtcp-fb:{pt} nack pli"]
        if self.rids:
            uri = "urn:ietf:params:rtp-hdrext:sdes"
            lines += [f"a=extmap:5 {uri}:rtp-stream-id", f"a=extmap:6 {uri}:repaired-rtp-stream-id"]
            lines += [f"a=rid:{rid} send" for rid in self.rids]
            lines.append(f"a=simulcast:send {';'.join(self.rids)}")
        if self.ssrc is not None:
            both = [self.ssrc] if self.rtx_ssrc is None else [self.ssrc, self.rtx_ssrc]
            if self.rtx_ssrc is not None:
                lines.append(f"a=ssrc-group:FID {self.ssrc} {self.rtx_ssrc}")
            lines += [f"a=ssrc:{each} cname:client" for each in both]
        return lines


@dataclass(frozen=True)
class OfferText:
    """A whole offer; `str()` is its SDP. `with_` changes a copy."""

    sections: tuple[Section, ...] = ()
    ufrag: str = "cufr"
    password: str = "clientPasswordOf22Chars"
    fingerprint: str = FINGERPRINT
    setup: str = "actpass"
    extra: tuple[str, ...] = field(default=())

    def with_(self, *more: Section, **changes: str) -> "OfferText":
        return replace(self, sections=(*self.sections, *more), **changes)  # type: ignore[arg-type]

    def __str__(self) -> str:
        lines = [
            "v=0",
            "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            f"a=group:BUNDLE {' '.join(each.mid for each in self.sections)}",
            *self.extra,
        ]
        for section in self.sections:
            own = section.lines()
            lines += own[:3]
            lines += [
                f"a=ice-ufrag:{self.ufrag}",
                f"a=ice-pwd:{self.password}",
                f"a=fingerprint:sha-256 {self.fingerprint}",
                f"a=setup:{self.setup}",
            ]
            lines += own[3:]
        return "\r\n".join(lines) + "\r\n"


def sending(*, audio: bool = True, video: bool = True, codecs: tuple[str, ...] = VP8) -> OfferText:
    """Microphone on mid `a`, camera on mid `v`."""
    sections = []
    if audio:
        sections.append(Section("a", "audio", ssrc=1001))
    if video:
        sections.append(Section("v", "video", ssrc=2001, rtx_ssrc=2002, codecs=codecs))
    return OfferText(tuple(sections))


def receiving(audio: int = 0, video: int = 0, start: int = 0) -> tuple[Section, ...]:
    """That many recvonly sections, mids `ra0`, `ra1`, ..., `rv0`, ..."""
    return tuple(
        Section(f"r{kind[0]}{index}", kind, "recvonly")
        for kind, count in (("audio", audio), ("video", video))
        for index in range(start, count)
    )
