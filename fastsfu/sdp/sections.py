"""Reads one media section of an offer: can it be had, its codecs, streams and extensions."""

import re
from collections.abc import Iterator, Mapping, Sequence

from fastsfu.errors import OfferError
from fastsfu.sdp.codecs import (
    EXTENSIONS,
    KNOWN_CODECS,
    NEGOTIATED_EXTENSIONS,
    STATIC_PAYLOAD_TYPES,
    TRANSPORT_FEEDBACK,
    VIDEO_FEEDBACK,
)
from fastsfu.sdp.model import (
    Attributes,
    Direction,
    MediaDescription,
    NegotiatedCodec,
    OfferedSection,
    SessionDescription,
)
from fastsfu.sdp.parse import shown

PROTOCOLS = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF")  # RFC 9429 section 5.1.2
DIRECTIONS: tuple[Direction, ...] = ("sendrecv", "sendonly", "recvonly", "inactive")
MAX_MID = 16  # bytes that a one-byte header extension holds (RFC 8285 section 4.2)
MAX_CODECS = 24  # configurations of one section; browsers offer up to 12

# RFC 5761 section 4: these would be taken for RTCP.
_RTCP_RANGE = range(64, 96)


def read_section(
    description: SessionDescription,
    media: MediaDescription,
    bundle: Sequence[str],
    codecs: Mapping[str, Sequence[str]],
) -> OfferedSection:
    """The section as far as both sides can have it. `codecs` are ours by kind, in our order.

    Raises OfferError for what makes the whole offer unusable.
    """
    mid = _mid(media.attributes)
    direction = _direction(description, media)
    sends = direction in ("sendrecv", "sendonly")
    reason = _why_rejected(media, mid, bundle)
    common: tuple[NegotiatedCodec, ...] = ()
    if reason is None:
        _check_multiplexed(media, mid)
        common = _codecs(media, codecs[media.kind])
        if not common:
            wanted = ", ".join(codecs[media.kind])
            reason = f"a codec of {wanted} was expected, none of them came"
    ssrc, rtx_ssrc = _ssrcs(media.attributes) if reason is None and sends else (None, None)
    return OfferedSection(
        mid=mid,
        kind=media.kind,
        client_sends=sends,
        client_receives=direction in ("sendrecv", "recvonly"),
        codecs=common,
        ssrc=ssrc,
        rtx_ssrc=rtx_ssrc if any(codec.rtx_pt is not None for codec in common) else None,
        msid=media.attributes.first("msid"),
        rejected_reason=reason,
        protocol=media.protocol,
        formats=tuple(media.formats),
        extensions=_extensions(media) if reason is None else {},
        reduced_size=media.attributes.has("rtcp-rsize"),
    )


def extension_maps(attributes: Attributes) -> Iterator[tuple[int, str, str]]:
    """(id, direction or "", URI) of each extmap (RFC 8285 section 5). Raises OfferError."""
    for value in attributes.all("extmap"):
        match = re.fullmatch(r"([0-9]{1,5})(?:/([a-z]+))? (\S+)( .*)?", value)
        if match is None:
            raise OfferError(f"a=extmap:id URI was expected, {shown(value)} came.")
        yield int(match[1]), match[2] or "", match[3]


def _mid(attributes: Attributes) -> str:
    mid = attributes.first("mid") or ""
    if len(mid) > MAX_MID or not re.fullmatch(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]*", mid):
        raise OfferError(
            f"A mid of at most {MAX_MID} token characters was expected, {shown(mid)} came."
        )
    return mid


def _direction(description: SessionDescription, media: MediaDescription) -> Direction:
    for level in (media.attributes, description.attributes):
        for name, _ in level:
            if name in DIRECTIONS:
                return name
    return "sendrecv"  # RFC 8866 section 6.7


def _why_rejected(media: MediaDescription, mid: str, bundle: Sequence[str]) -> str | None:
    if media.port == 0 and not media.attributes.has("bundle-only"):
        return "it is not in use (port 0)"
    if media.kind not in ("audio", "video"):
        return f"audio or video was expected, {shown(media.kind)} came"
    if media.protocol not in PROTOCOLS:
        return f"{PROTOCOLS[0]} was expected, {shown(media.protocol)} came"
    if mid not in bundle:
        return "it is not in the BUNDLE group"
    return None


def _check_multiplexed(media: MediaDescription, mid: str) -> None:
    """RFC 8858: rtcp-mux-only comes with rtcp-mux, but says enough alone."""
    if not media.attributes.has("rtcp-mux") and not media.attributes.has("rtcp-mux-only"):
        raise OfferError(
            f"a=rtcp-mux was expected in section {mid}: RTP and RTCP share one port here."
        )


def _codecs(media: MediaDescription, ours: Sequence[str]) -> tuple[NegotiatedCodec, ...]:
    """Theirs that are ours: in our order, and within a name in theirs."""
    maps = _rtpmaps(media)
    parameters = _parameters(media.attributes)
    rtx = {
        parameters.get(pt, {}).get("apt"): pt
        for pt, mapping in reversed(maps.items())
        if mapping.lower() == "rtx/90000"
    }
    found = []
    for pt, mapping in maps.items():
        name = _ours(mapping, ours)
        fmtp = parameters.get(pt, {})
        if name is None or _unusable(name, fmtp):
            continue
        codec = KNOWN_CODECS[name]
        found.append(
            NegotiatedCodec(
                name=name,
                codec=codec.number,
                pt=pt,
                rtx_pt=rtx.get(str(pt)),
                clock_rate=codec.clock_rate,
                channels=codec.channels,
                fmtp=fmtp,
                feedback=_feedback(media, pt),
            )
        )
    order = list(ours)
    return tuple(sorted(found, key=lambda each: order.index(each.name))[:MAX_CODECS])


def _rtpmaps(media: MediaDescription) -> dict[int, str]:
    """Payload type -> "name/rate[/channels]" in the order of the m= line."""
    given: dict[str, str] = {}
    for value in media.attributes.all("rtpmap"):
        target, _, mapping = value.partition(" ")
        given.setdefault(target, mapping.strip())
    maps: dict[int, str] = {}
    for text in media.formats:
        if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > 127:
            raise OfferError(f"A payload type from 0 to 127 was expected, {shown(text)} came.")
        pt = int(text)
        known = given.get(text) or STATIC_PAYLOAD_TYPES.get(pt)
        if known is not None and pt not in _RTCP_RANGE:
            maps.setdefault(pt, known)
    return maps


def _ours(mapping: str, ours: Sequence[str]) -> str | None:
    """Our name for an rtpmap's "name/rate[/channels]", of which the name has no case."""
    for name in ours:
        codec = KNOWN_CODECS[name]
        plain = f"{name}/{codec.clock_rate}".lower()
        channels = (f"/{codec.channels}",) if codec.channels > 1 else ("", "/1")
        if mapping.lower() in [plain + each for each in channels]:
            return name
    return None


def _parameters(attributes: Attributes) -> dict[int, dict[str, str]]:
    """Payload type -> fmtp, of which the names are in lower case."""
    found: dict[int, dict[str, str]] = {}
    for value in attributes.all("fmtp"):
        pt, _, text = value.partition(" ")
        if not re.fullmatch(r"[0-9]{1,3}", pt):
            continue
        pairs = (pair.partition("=") for pair in text.split(";") if pair.strip())
        found.setdefault(int(pt), {}).update(
            (name.strip().lower(), value.strip()) for name, _, value in pairs
        )
    return found


def _unusable(name: str, fmtp: Mapping[str, str]) -> bool:
    """Interleaved H.264 (RFC 6184 section 6.4) is in no browser."""
    return name == "H264" and fmtp.get("packetization-mode", "0") not in ("0", "1")


def _feedback(media: MediaDescription, pt: int) -> tuple[str, ...]:
    offered = set()
    for value in media.attributes.all("rtcp-fb"):
        target, _, kind = value.partition(" ")
        if target in ("*", str(pt)):
            offered.add(kind.strip())
    wanted = VIDEO_FEEDBACK if media.kind == "video" else ()
    return tuple(kind for kind in (*wanted, TRANSPORT_FEEDBACK) if kind in offered)


def _ssrcs(attributes: Attributes) -> tuple[int | None, int | None]:
    """SSRC and RTX SSRC. With several encodings the first is meant (RFC 5576 section 4.2)."""
    sources = [_ssrc(value.partition(" ")[0]) for value in attributes.all("ssrc")]
    for value in attributes.all("ssrc-group"):
        semantics, *members = value.split()[:3] or [""]
        if semantics == "FID" and len(members) == 2:
            return _ssrc(members[0]), _ssrc(members[1])
    return (sources[0] if sources else None), None


def _ssrc(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,10}", text) and 0 < int(text) < 2**32:
        return int(text)
    raise OfferError(f"An SSRC from 1 to 4294967295 was expected, {shown(text)} came.")


def _extensions(media: MediaDescription) -> dict[int, int]:
    """ExtensionKind -> id of those that are ours. Offers for one direction only are declined: no
    client makes them for these."""
    found: dict[int, int] = {}
    for number, direction, uri in extension_maps(media.attributes):
        kind = EXTENSIONS.get(uri)
        usable = 1 <= number <= 255 and number != 15 and direction in ("", "sendrecv")
        if kind in NEGOTIATED_EXTENSIONS and usable:
            found.setdefault(kind, number)
    return found
