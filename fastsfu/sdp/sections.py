"""Reads one media section of an offer: can it be had, its codecs, streams and extensions."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache

from fastsfu.errors import OfferError
from fastsfu.sdp.codecs import (
    DEPENDENCY,
    EXTENSIONS,
    NEGOTIATED_EXTENSIONS,
    REPAIRED_RID,
    RID,
    describes_layers,
)
from fastsfu.sdp.model import (
    Attributes,
    DataChannels,
    Direction,
    MediaDescription,
    NegotiatedCodec,
    OfferedEncoding,
    OfferedSection,
    SessionDescription,
)
from fastsfu.sdp.parse import shown
from fastsfu.sdp.payloads import CodecReader
from fastsfu.sdp.simulcast import read_encodings

CHANNEL_PROTOCOLS = ("UDP/DTLS/SCTP", "TCP/DTLS/SCTP")  # RFC 8841 section 4
CHANNEL_FORMAT = "webrtc-datachannel"
CHANNEL_PORT = 5000
DEFAULT_CHANNEL_MESSAGE = 65536  # bytes, RFC 8841 section 6.1
PROTOCOLS = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF")  # RFC 9429 section 5.1.2
DIRECTIONS: tuple[Direction, ...] = ("sendrecv", "sendonly", "recvonly", "inactive")
UNUSED = "it is not in use (port 0)"  # why a section is rejected that the client does not want
SENT_EXTENSIONS = (RID, REPAIRED_RID)  # that may be offered for the client's own direction alone
MAX_KEPT = 256  # characters of an extmap that is remembered
MAX_MID = 16  # bytes that a one-byte header extension holds (RFC 8285 section 4.2)
_MID = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]*")


def read_section(
    description: SessionDescription,
    media: MediaDescription,
    bundle: Collection[str],
    codecs: CodecReader,
) -> OfferedSection:
    """The section as far as both sides can have it.

    Raises OfferError for what makes the whole offer unusable.
    """
    mid = read_mid(media)
    if media.kind == "application" and media.formats == [CHANNEL_FORMAT]:
        return _channel_section(media, mid, bundle)
    direction = _direction(description, media)
    sends = direction in ("sendrecv", "sendonly")
    reason = _why_rejected(media, mid, bundle)
    common: tuple[NegotiatedCodec, ...] = ()
    if reason is None:
        _check_multiplexed(media, mid)
        common = codecs.read(media)
        if not common:
            wanted = ", ".join(name for name in codecs.ours[media.kind] if name != "red")
            reason = f"a codec of {wanted} was expected, none of them came"
    extensions, sent = _extensions(media) if reason is None else ({}, frozenset())
    levels = (description.attributes, media.attributes)
    mixed = any(level.has("extmap-allow-mixed") for level in levels)
    if DEPENDENCY in extensions and not describes_layers(common, sends=sends, mixed=mixed):
        del extensions[DEPENDENCY]
    repairable = any(codec.rtx_pt is not None for codec in common)
    attributes = media.attributes if reason is None and sends else Attributes()
    ssrc, rtx_ssrc, encodings = _streams(attributes, extensions, repairable)
    return OfferedSection(
        mid=mid,
        kind=media.kind,
        client_sends=sends,
        client_receives=direction in ("sendrecv", "recvonly"),
        codecs=common,
        ssrc=ssrc,
        rtx_ssrc=rtx_ssrc,
        encodings=encodings,
        msid=media.attributes.first("msid"),
        rejected_reason=reason,
        protocol=media.protocol,
        formats=tuple(media.formats),
        extensions=extensions,
        sent_extensions=sent,
        reduced_size=media.attributes.has("rtcp-rsize"),
    )


def _channel_section(media: MediaDescription, mid: str, bundle: Collection[str]) -> OfferedSection:
    """Data channels: SCTP over the BUNDLE's DTLS (RFC 8841)."""
    port = media.attributes.first("sctp-port") or ""
    size = media.attributes.first("max-message-size") or str(DEFAULT_CHANNEL_MESSAGE)
    reason = _why_unusable(media, mid, bundle, CHANNEL_PROTOCOLS)
    channels = None
    if reason is None:
        if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
            raise OfferError(f"a=sctp-port from 1 to 65535 was expected, {shown(port)} came.")
        if not re.fullmatch(r"[0-9]{1,18}", size):
            raise OfferError(f"a=max-message-size in bytes was expected, {shown(size)} came.")
        channels = DataChannels(int(port), int(size))
    return OfferedSection(
        mid=mid,
        kind=media.kind,
        client_sends=False,
        client_receives=False,
        codecs=(),
        rejected_reason=reason,
        protocol=media.protocol,
        formats=tuple(media.formats),
        channels=channels,
    )


def extension_maps(attributes: Attributes) -> Iterator[tuple[int, str, str]]:
    """(id, direction or "", URI) of each extmap (RFC 8285 section 5). Raises OfferError."""
    for value in attributes.all("extmap"):
        yield _kept_extension_map(value) if len(value) <= MAX_KEPT else _extension_map(value)


def _extension_map(value: str) -> tuple[int, str, str]:
    match = re.fullmatch(r"([0-9]{1,5})(?:/([a-z]+))? (\S+)( .*)?", value)
    if match is None:
        raise OfferError(f"a=extmap:id URI was expected, {shown(value)} came.")
    return int(match[1]), match[2] or "", match[3]


_kept_extension_map = lru_cache(maxsize=256)(_extension_map)


def read_mid(media: MediaDescription) -> str:
    """Empty when there is none; raises OfferError for what cannot be one."""
    mid = media.mids[0] if media.mids else ""
    if len(mid) > MAX_MID or not _MID.fullmatch(mid):
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


def _why_rejected(media: MediaDescription, mid: str, bundle: Collection[str]) -> str | None:
    if media.kind not in ("audio", "video"):
        return f"audio, video or {CHANNEL_FORMAT} was expected, {shown(media.kind)} came"
    return _why_unusable(media, mid, bundle, PROTOCOLS)


def _why_unusable(
    media: MediaDescription, mid: str, bundle: Collection[str], protocols: Sequence[str]
) -> str | None:
    if media.port == 0 and not media.attributes.has("bundle-only"):
        return UNUSED
    if media.protocol.upper() not in protocols:
        return f"{protocols[0]} was expected, {shown(media.protocol)} came"
    if not mid:
        return "it has no a=mid"
    if mid not in bundle:
        return "it is not in the BUNDLE group"
    return None


def _check_multiplexed(media: MediaDescription, mid: str) -> None:
    """RFC 8858: rtcp-mux-only comes with rtcp-mux, but says enough alone."""
    if not media.attributes.has("rtcp-mux") and not media.attributes.has("rtcp-mux-only"):
        raise OfferError(
            f"a=rtcp-mux was expected in section {mid}: RTP and RTCP share one port here."
        )


def _streams(
    attributes: Attributes, extensions: Mapping[int, int], repairable: bool
) -> tuple[int | None, int | None, tuple[OfferedEncoding, ...]]:
    """SSRC and RTX SSRC of a single encoding (RFC 5576 section 4.2, RFC 4588), or the encodings."""
    sources = [_ssrc(value.partition(" ")[0]) for value in attributes.all("ssrc")]
    groups: dict[str, list[list[int]]] = {"FID": [], "SIM": []}
    for value in attributes.all("ssrc-group"):
        semantics, *members = value.split() or [""]
        if semantics.upper() in groups:
            groups[semantics.upper()].append([_ssrc(each) for each in members])
    repairs = {group[0]: group[1] for group in groups["FID"] if repairable and len(group) == 2}
    encodings = read_encodings(attributes, extensions, repairs, groups["SIM"])
    if encodings:
        return None, None, encodings
    first = [*(group[0] for group in groups["FID"] if len(group) == 2), *sources]
    return (first[0], repairs.get(first[0]), ()) if first else (None, None, ())


def _ssrc(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,10}", text) and 0 < int(text) < 2**32:
        return int(text)
    raise OfferError(f"An SSRC from 1 to 4294967295 was expected, {shown(text)} came.")


def _extensions(media: MediaDescription) -> tuple[dict[int, int], frozenset[int]]:
    """ExtensionKind -> id of those that are ours, and which of them only the client sends
    (RFC 8285 section 6: Firefox says so of those for simulcast)."""
    found: dict[int, int] = {}
    sent: set[int] = set()
    for number, direction, uri in extension_maps(media.attributes):
        kind = EXTENSIONS.get(uri)
        directions = ("", "sendrecv", "sendonly") if kind in SENT_EXTENSIONS else ("", "sendrecv")
        usable = 1 <= number <= 255 and number != 15 and direction in directions
        if kind in NEGOTIATED_EXTENSIONS and usable and kind not in found:
            found[kind] = number
            if direction == "sendonly":
                sent.add(kind)
    return found, frozenset(sent)
