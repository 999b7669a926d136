"""Writes the answer (RFC 9429 section 5.3): section by section in the offer's order, as browsers
do.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from fastsfu.sdp.codecs import (
    EXTENSION_URIS,
    answered_parameters,
)
from fastsfu.sdp.model import (
    Attributes,
    Direction,
    MediaDescription,
    NegotiatedCodec,
    Offer,
    OfferedSection,
    SentStream,
    SessionDescription,
)
from fastsfu.sdp.sections import CHANNEL_PORT
from fastsfu.sdp.simulcast import answered_encodings
from fastsfu.sdp.write import LINE_END, write, written_attributes, written_section
from fastsfu.transport.ice import Candidate

_ANY_ADDRESS = "IN IP4 0.0.0.0"
_DISCARD_PORT = 9  # "not yet known", RFC 8840 section 4.1.1
MAX_KEPT = 4096  # characters of the codecs' parameters in a body that is remembered


def write_answer(
    offer: Offer,
    *,
    ice_ufrag: str,
    ice_pwd: str,
    fingerprint: str,
    candidates: Sequence[Candidate],
    sending: Mapping[str, SentStream],
    receiving: Collection[str],
    max_message_bytes: int,
    dtx: Collection[str] = (),
    session_id: int = 1,
    version: int = 1,
) -> str:
    """The answer to `offer`; `sending` and `receiving` are keyed by mid.

    `fingerprint` is the SHA-256 of our certificate as "AB:CD:...". A section in neither `sending`
    nor `receiving` is answered inactive, a rejected one with port 0. `max_message_bytes` is what we
    take of a data channel's message; `dtx` are the mids of voices that are to be sent with DTX.
    `session_id` stays the same in all answers of a session, `version` grows (RFC 8866 section 5.2).
    Raises ValueError for a mid that the offer has not, or not in that direction.
    """
    _check(offer, sending, receiving)
    written = [write(_without_media(offer, session_id, version))]
    transport = Attributes(
        [
            ("ice-ufrag", ice_ufrag),
            ("ice-pwd", ice_pwd),
            ("fingerprint", f"sha-256 {fingerprint}"),
            ("setup", "active" if offer.dtls_client else "passive"),
            *_candidates(candidates),
        ]
    )
    # The transport is the tag's (RFC 9143 section 7.3.3); aiortc keeps the parameters and
    # candidates of the last section that it reads, and browsers write them in each.
    end = written_attributes(transport)
    bodies: dict[tuple[object, ...], tuple[str, str, bool]] = {}
    for section in offer.sections:
        if section.rejected:
            written.append(written_section(_rejected(section)))
            continue
        if section.channels is not None:
            written.append(written_section(_channels(section, max_message_bytes)))
        else:
            mid = section.mid
            stream, receives, pauses = sending.get(mid), mid in receiving, mid in dtx
            written.append(_accepted(section, receives, stream, pauses, bodies))
        written.append(end)
    return "".join(written)


def _without_media(offer: Offer, session_id: int, version: int) -> SessionDescription:
    return SessionDescription(
        lines=[
            ("v", "0"),
            ("o", f"- {session_id} {version} IN IP4 127.0.0.1"),
            ("s", "-"),
            ("t", "0 0"),
        ],
        attributes=Attributes(
            [
                *([("group", " ".join(("BUNDLE", *offer.bundle)))] if offer.grouped else []),
                ("ice-lite", None),
                *([("extmap-allow-mixed", None)] if offer.mixed_extensions else []),
                ("msid-semantic", " WMS *"),
            ]
        ),
    )


def _check(offer: Offer, sending: Mapping[str, SentStream], receiving: Collection[str]) -> None:
    accepted = [section for section in offer.sections if section.rejected_reason is None]
    if wrong := sending.keys() - {each.mid for each in accepted if each.client_receives}:
        raise ValueError(f"the client does not receive in a section {min(wrong)!r}")
    if wrong := set(receiving) - {each.mid for each in accepted if each.client_sends}:
        raise ValueError(f"the client does not send in a section {min(wrong)!r}")


def _rejected(section: OfferedSection) -> MediaDescription:
    attributes = Attributes([("mid", section.mid)] if section.mid else [])
    attributes.append(("inactive", None))
    return MediaDescription(
        section.kind, 0, section.protocol, list(section.formats), [("c", _ANY_ADDRESS)], attributes
    )


def _channels(section: OfferedSection, max_message_bytes: int) -> MediaDescription:
    attributes = Attributes(
        [
            ("mid", section.mid),
            ("sctp-port", str(CHANNEL_PORT)),
            ("max-message-size", str(max_message_bytes)),
        ]
    )
    return MediaDescription(
        section.kind,
        _DISCARD_PORT,
        section.protocol,
        list(section.formats),
        [("c", _ANY_ADDRESS)],
        attributes,
    )


def _accepted(
    section: OfferedSection,
    receives: bool,
    stream: SentStream | None,
    dtx: bool,
    bodies: dict[tuple[object, ...], tuple[str, str, bool]],
) -> str:
    """Sections that differ in mid and stream alone are written once, into `bodies`."""
    key = section.shape, receives, stream is None, dtx
    if key not in bodies:
        bodies[key] = _body_of(section, receives, stream is not None, dtx)
    head, body, repaired = bodies[key]
    sent = "" if stream is None else _stream(stream, repaired)
    return f"{head}a=mid:{section.mid}{LINE_END}{body}{sent}"


class _Codec(NamedTuple):
    """What is answered of one."""

    name: str
    pt: int
    rtx_pt: int | None
    clock_rate: int
    channels: int
    feedback: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]


class _Body(NamedTuple):
    """All that a section's lines are written from, but for its mid and its stream."""

    kind: str
    protocol: str
    direction: Direction
    codecs: tuple[_Codec, ...]
    extensions: tuple[tuple[int, int], ...]
    sent_extensions: frozenset[int]
    reduced_size: bool
    encodings: tuple[tuple[str, str], ...]  # attributes


def _body_of(
    section: OfferedSection, receives: bool, sends: bool, dtx: bool
) -> tuple[str, str, bool]:
    """As `_body`. What all clients of one browser offer alike is answered alike, and written once
    while it is small: it is a client's text.
    """
    body = _Body(
        section.kind,
        section.protocol,
        _direction(receives, sends),
        tuple(_answered(codec, dtx) for codec in section.codecs),
        tuple(section.extensions.items()),
        section.sent_extensions,
        section.reduced_size,
        tuple(answered_encodings(section.encodings)) if receives else (),
    )
    size = sum(len(value) for codec in body.codecs for each in codec.parameters for value in each)
    return _kept_body(body) if size <= MAX_KEPT else _body(body)


def _answered(codec: NegotiatedCodec, dtx: bool) -> _Codec:
    return _Codec(
        codec.name,
        codec.pt,
        codec.rtx_pt,
        codec.clock_rate,
        codec.channels,
        codec.feedback,
        tuple(answered_parameters(codec, dtx=dtx).items()),
    )


def _body(body: _Body) -> tuple[str, str, bool]:
    """The lines before and after the mid, and whether there is RTX (RFC 4588)."""
    attributes = Attributes()
    for kind, number in body.extensions:
        direction = "/recvonly" if kind in body.sent_extensions else ""
        attributes.append(("extmap", f"{number}{direction} {EXTENSION_URIS[kind]}"))
    attributes.append((body.direction, None))
    attributes.append(("rtcp-mux", None))
    if body.reduced_size:
        attributes.append(("rtcp-rsize", None))
    for codec in body.codecs:
        attributes.extend(_codec(codec))
    attributes.extend(body.encodings)
    payload_types = [str(pt) for codec in body.codecs for pt in _payload_types(codec)]
    media = MediaDescription(
        body.kind, _DISCARD_PORT, body.protocol, payload_types, [("c", _ANY_ADDRESS)]
    )
    repaired = any(codec.rtx_pt is not None for codec in body.codecs)
    return written_section(media), written_attributes(attributes), repaired


_kept_body = lru_cache(maxsize=128)(_body)


def _direction(receives: bool, sends: bool) -> Direction:
    if receives:
        return "sendrecv" if sends else "recvonly"
    return "sendonly" if sends else "inactive"


def _payload_types(codec: _Codec) -> Iterator[int]:
    yield codec.pt
    if codec.rtx_pt is not None:
        yield codec.rtx_pt


def _codec(codec: _Codec) -> Iterator[tuple[str, str]]:
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    yield "rtpmap", f"{codec.pt} {codec.name}/{codec.clock_rate}{channels}"
    for feedback in codec.feedback:
        yield "rtcp-fb", f"{codec.pt} {feedback}"
    if codec.parameters:
        text = ";".join(f"{name}={value}" if value else name for name, value in codec.parameters)
        yield "fmtp", f"{codec.pt} {text}"
    if codec.rtx_pt is not None:
        yield "rtpmap", f"{codec.rtx_pt} rtx/{codec.clock_rate}"
        yield "fmtp", f"{codec.rtx_pt} apt={codec.pt}"


def _stream(stream: SentStream, repaired: bool) -> str:
    """RFC 8830 and RFC 5576; older clients know the msid only as an attribute of the SSRC."""
    ssrc, rtx_ssrc, cname, msid_stream, msid_track = stream
    msid = f"msid:{msid_stream} {msid_track}{LINE_END}"
    own = f"a=ssrc:{ssrc} cname:{cname}{LINE_END}a=ssrc:{ssrc} {msid}"
    if rtx_ssrc is None or not repaired:
        return f"a={msid}{own}"
    repair = f"a=ssrc:{rtx_ssrc} cname:{cname}{LINE_END}a=ssrc:{rtx_ssrc} {msid}"
    return f"a={msid}a=ssrc-group:FID {ssrc} {rtx_ssrc}{LINE_END}{own}{repair}"


def _candidates(candidates: Sequence[Candidate]) -> Iterator[tuple[str, str | None]]:
    for candidate in candidates:
        name, _, value = candidate.candidate_line().partition(":")
        yield name, value
    yield "end-of-candidates", None  # RFC 8840 section 8.2: a lite agent has no more to come
