"""What the SFU knows by name: codecs and RTP header extensions, with the engine's numbers for them,
and when two descriptions of a codec are the same one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastsfu.sdp.model import NegotiatedCodec


@dataclass(frozen=True)
class KnownCodec:
    """A codec as its payload format registers it."""

    name: str
    number: int  # packet.codec.Codec
    clock_rate: int
    channels: int
    parameters: frozenset[str]  # of its fmtp, those that an answer repeats


def _known(*codecs: KnownCodec) -> dict[str, KnownCodec]:
    return {codec.name: codec for codec in codecs}


# RFC 7587: useinbandfec asks the sender for redundancy, of which every receiver has use. stereo is
# added by `answered_parameters`.
AUDIO_CODECS: Final = _known(
    KnownCodec("opus", 1, 48000, 2, frozenset({"minptime", "useinbandfec"})),
    KnownCodec("PCMU", 2, 8000, 1, frozenset()),
    KnownCodec("PCMA", 3, 8000, 1, frozenset()),
)
# The parameters that tell configurations of one codec apart must be repeated (RFC 6184 section
# 8.2.2, RFC 9628); the others say what the client can receive, and limit nobody else.
VIDEO_CODECS: Final = _known(
    KnownCodec("VP8", 4, 90000, 1, frozenset()),
    KnownCodec(
        "H264",
        6,
        90000,
        1,
        frozenset({"level-asymmetry-allowed", "packetization-mode", "profile-level-id"}),
    ),
    KnownCodec("VP9", 5, 90000, 1, frozenset({"profile-id"})),
    KnownCodec("AV1", 7, 90000, 1, frozenset({"profile", "level-idx", "tier"})),
)
KNOWN_CODECS: Final = AUDIO_CODECS | VIDEO_CODECS

# Payload types that mean something without an rtpmap (RFC 3551 table 4).
STATIC_PAYLOAD_TYPES: Final = {0: "PCMU/8000", 8: "PCMA/8000"}

# What the engine asks for and answers to (RFC 4585 4.2, RFC 5104 7.1). Transport-wide
# feedback only where it receives.
VIDEO_FEEDBACK: Final = ("nack", "nack pli", "ccm fir")
TRANSPORT_FEEDBACK: Final = "transport-cc"

# packet.rtp.ExtensionKind
MID, RID, REPAIRED_RID, TRANSPORT_SEQ, AUDIO_LEVEL = range(5)
EXTENSIONS: Final = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": MID,
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": RID,
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": REPAIRED_RID,
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": TRANSPORT_SEQ,
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": AUDIO_LEVEL,
}
EXTENSION_URIS: Final = {kind: uri for uri, kind in EXTENSIONS.items()}

# What is taken when offered. Not RID and repaired RID: they come with simulcast. Not the video's
# orientation: a sender that may not signal it turns the picture itself, and then it stands upright
# for receivers that do not know the extension too (Firefox).
NEGOTIATED_EXTENSIONS: Final = frozenset({MID, TRANSPORT_SEQ, AUDIO_LEVEL})


def answered_parameters(codec: NegotiatedCodec) -> dict[str, str]:
    """The fmtp of an answer: what tells the configuration apart, and what we ask of a sender."""
    wanted = KNOWN_CODECS[codec.name].parameters
    answered = {name: value for name, value in codec.fmtp.items() if name in wanted}
    if codec.name == "opus" and codec.fmtp.get("sprop-stereo") == "1":
        answered["stereo"] = "1"  # RFC 7587 section 7.1: it would send stereo to who wants it
    return answered


def match_payload_types(
    source: Sequence[NegotiatedCodec], sink: Sequence[NegotiatedCodec]
) -> list[tuple[int, int, int]]:
    """What a publisher's payload types are called at a receiver: (source pt, sink pt, RTX pt or
    -1).

    A source's payload type that no sink's configuration decodes is left out. H.264 of another
    profile is matched when the packetization mode is the same: decoders take more than they say,
    and a stream that may not play is better than none.
    """
    found = []
    for codec in source:
        match = _best(codec, sink)
        if match is not None:
            rtx_pt = -1 if match.rtx_pt is None else match.rtx_pt
            found.append((codec.pt, match.pt, rtx_pt))
    return found


def _best(codec: NegotiatedCodec, sink: Sequence[NegotiatedCodec]) -> NegotiatedCodec | None:
    wanted = configuration(codec.name, codec.fmtp)
    fallback = None
    for candidate in sink:
        if candidate.name != codec.name or candidate.clock_rate != codec.clock_rate:
            continue
        offered = configuration(candidate.name, candidate.fmtp)
        if offered == wanted:
            return candidate
        if codec.name == "H264" and offered[0] == wanted[0] and fallback is None:
            fallback = candidate
    return fallback


def configuration(name: str, fmtp: Mapping[str, str]) -> tuple[str, ...]:
    """What must be equal in two descriptions for the one to decode the other's stream."""
    if name == "H264":
        return fmtp.get("packetization-mode", "0"), _h264_profile(fmtp)
    if name == "VP9":
        return (fmtp.get("profile-id", "0"),)
    if name == "AV1":
        return (fmtp.get("profile", "0"),)
    return ()


_H264_DEFAULT = "42000a"  # RFC 6184 section 8.1: Baseline at level 1

# RFC 6184 table 5: profile_idc, mask and value of the profile-iop byte. First match wins.
_H264_PROFILES = (
    ("constrained-baseline", 0x42, 0b0100_1111, 0b0100_0000),
    ("constrained-baseline", 0x4D, 0b1000_1111, 0b1000_0000),
    ("constrained-baseline", 0x58, 0b1100_1111, 0b1100_0000),
    ("baseline", 0x42, 0b0100_1111, 0b0000_0000),
    ("baseline", 0x58, 0b1100_1111, 0b1000_0000),
    ("main", 0x4D, 0b1010_1111, 0b0000_0000),
    ("extended", 0x58, 0b1100_1111, 0b0000_0000),
    ("constrained-high", 0x64, 0b1111_1111, 0b0000_1100),
    ("high", 0x64, 0b1111_1111, 0b0000_0000),
)


def _h264_profile(fmtp: Mapping[str, str]) -> str:
    text = fmtp.get("profile-level-id", _H264_DEFAULT).lower()
    if not re.fullmatch(r"[0-9a-f]{6}", text):
        return text
    profile_idc, profile_iop = int(text[:2], 16), int(text[2:4], 16)
    for name, idc, mask, value in _H264_PROFILES:
        if profile_idc == idc and profile_iop & mask == value:
            return name
    return text[:4]
