"""Reads the codecs of media sections: rtpmap, fmtp (RFC 8866), rtcp-fb (RFC 4585), RTX (4588)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache

from fastsfu.errors import OfferError
from fastsfu.sdp.codecs import (
    KNOWN_CODECS,
    RECEIVER_ESTIMATE,
    STATIC_PAYLOAD_TYPES,
    TRANSPORT_FEEDBACK,
    VIDEO_FEEDBACK,
)
from fastsfu.sdp.model import Attributes, MediaDescription, NegotiatedCodec
from fastsfu.sdp.parse import shown

MAX_CODECS = 24  # configurations of one section; browsers offer up to 15
MAX_KEPT = 16_384  # characters of a description that is remembered; browsers have up to 3,000

# RFC 5761 section 4: these would be taken for RTCP.
_RTCP_RANGE = range(64, 96)

_LINES = frozenset({"rtpmap", "fmtp", "rtcp-fb"})
Lines = tuple[tuple[str, str | None], ...]  # attributes of these names


def _mappings() -> Iterator[tuple[str, str]]:
    """What each codec of ours can be in an rtpmap, in lower case."""
    for name, codec in KNOWN_CODECS.items():
        for end in (f"/{codec.channels}",) if codec.channels > 1 else ("", "/1"):
            yield f"{name}/{codec.clock_rate}{end}".lower(), name


_BY_MAPPING = dict(_mappings())


class CodecReader:
    """Reads the codecs of sections: equal descriptions, of which an offer of a large call has
    hundreds, and all offers of one browser the same, once. What is equal is one object.
    """

    def __init__(self, ours: Mapping[str, Sequence[str]]) -> None:
        """`ours`: names of our codecs by kind of section, in our order."""
        self.ours = {kind: tuple(names) for kind, names in ours.items()}

    def read(self, media: MediaDescription) -> tuple[NegotiatedCodec, ...]:
        """Theirs that are ours: in our order, and within a name in theirs. Raises OfferError."""
        lines = tuple(each for each in media.attributes if each[0] in _LINES)
        size = sum(len(value or "") for _, value in lines) + sum(map(len, media.formats))
        read = _kept_codecs if size <= MAX_KEPT else _codecs
        return read(media.kind, tuple(media.formats), lines, self.ours[media.kind])


@lru_cache(maxsize=256)
def _kept_codecs(
    kind: str, formats: tuple[str, ...], lines: Lines, ours: tuple[str, ...]
) -> tuple[NegotiatedCodec, ...]:
    return _one_for_all(_codecs(kind, formats, lines, ours))


@lru_cache(maxsize=256)
def _one_for_all(codecs: tuple[NegotiatedCodec, ...]) -> tuple[NegotiatedCodec, ...]:
    """The first of all that are equal."""
    return codecs


def _codecs(
    kind: str, formats: Sequence[str], lines: Lines, ours: Sequence[str]
) -> tuple[NegotiatedCodec, ...]:
    attributes = Attributes(lines)
    maps = _rtpmaps(formats, attributes)
    parameters = _parameters(attributes)
    rtx = {
        parameters.get(pt, {}).get("apt"): pt
        for pt, mapping in reversed(maps.items())
        if mapping.lower() == "rtx/90000"
    }
    opus = {str(pt) for pt, mapping in maps.items() if _ours(mapping, ours) == "opus"}
    offered = _offered_feedback(attributes)
    found = []
    for pt, mapping in maps.items():
        name = _ours(mapping, ours)
        fmtp = parameters.get(pt, {})
        if name is None or _unusable(name, fmtp, opus):
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
                feedback=_feedback(kind, offered, pt),
            )
        )
    order = list(ours)
    return tuple(sorted(found, key=lambda each: order.index(each.name))[:MAX_CODECS])


def _rtpmaps(formats: Iterable[str], attributes: Attributes) -> dict[int, str]:
    """Payload type -> "name/rate[/channels]" in the order of the m= line."""
    given: dict[str, str] = {}
    for value in attributes.all("rtpmap"):
        target, _, mapping = value.partition(" ")
        given.setdefault(target, mapping.strip())
    maps: dict[int, str] = {}
    for text in formats:
        if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > 127:
            raise OfferError(f"A payload type from 0 to 127 was expected, {shown(text)} came.")
        pt = int(text)
        known = given.get(text) or STATIC_PAYLOAD_TYPES.get(pt)
        if known is not None and pt not in _RTCP_RANGE:
            maps.setdefault(pt, known)
    return maps


def _ours(mapping: str, ours: Sequence[str]) -> str | None:
    """Our name for an rtpmap's "name/rate[/channels]", of which the name has no case."""
    name = _BY_MAPPING.get(mapping.lower())
    return name if name in ours else None


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


def _unusable(name: str, fmtp: Mapping[str, str], opus: Set[str]) -> bool:
    """Interleaved H.264 (RFC 6184 section 6.4) is in no browser; red (RFC 2198 section 5) is of use
    where it carries nothing but Opus.
    """
    if name == "red":
        carried = {pt for text in fmtp for pt in text.split("/")}
        return len(fmtp) != 1 or not carried <= opus
    return name == "H264" and fmtp.get("packetization-mode", "0") not in ("0", "1")


def _offered_feedback(attributes: Attributes) -> set[tuple[str, str]]:
    """(payload type or *, what may be sent about it) (RFC 4585 section 4.2)."""
    offered = set()
    for value in attributes.all("rtcp-fb"):
        target, _, kind = value.partition(" ")
        offered.add((target, kind.strip().lower()))
    return offered


def _feedback(kind: str, offered: Set[tuple[str, str]], pt: int) -> tuple[str, ...]:
    wanted = [TRANSPORT_FEEDBACK]
    if kind == "video":
        wanted = [*VIDEO_FEEDBACK, TRANSPORT_FEEDBACK, RECEIVER_ESTIMATE]
    found = [w for w in wanted if (str(pt), w) in offered or ("*", w) in offered]
    if TRANSPORT_FEEDBACK in found and RECEIVER_ESTIMATE in found:
        found.remove(RECEIVER_ESTIMATE)
    return tuple(found)
