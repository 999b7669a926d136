"""What the SFU knows by name: codecs and RTP header extensions, with the engine's numbers for them,
and when two descriptions of a codec are the same one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fastsfu.sdp import h264
from fastsfu.sdp.model import NegotiatedCodec, OfferedSection


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
# added by `answered_parameters`. RFC 2198: red carries each piece of Opus twice; it comes first, so
# that a sender uses it, and who has lost nothing gets the Opus alone.
AUDIO_CODECS: Final = _known(
    KnownCodec("red", 8, 48000, 2, frozenset()),
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

# What the engine asks for and answers to (RFC 4585 4.2, RFC 5104 7.1). How much fits to a client,
# or from it, is estimated from transport-wide feedback; REMB is for those that have none: as
# receivers they tell what fits, as senders they are told what is wanted.
VIDEO_FEEDBACK: Final = ("nack", "nack pli", "ccm fir")
TRANSPORT_FEEDBACK: Final = "transport-cc"
RECEIVER_ESTIMATE: Final = "goog-remb"

# packet.rtp.ExtensionKind
MID, RID, REPAIRED_RID, TRANSPORT_SEQ, AUDIO_LEVEL = range(5)
DEPENDENCY, CONTENT_TYPE, PLAYOUT_DELAY, CAPTURE_TIME = range(5, 9)
_AV1_RTP = "https://aomediacodec.github.io/av1-rtp-spec/"
_WEBRTC = "http://www.webrtc.org/experiments/rtp-hdrext/"
EXTENSIONS: Final = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": MID,
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": RID,
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": REPAIRED_RID,
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": TRANSPORT_SEQ,
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": AUDIO_LEVEL,
    f"{_AV1_RTP}#dependency-descriptor-rtp-header-extension": DEPENDENCY,
    f"{_WEBRTC}video-content-type": CONTENT_TYPE,
    f"{_WEBRTC}playout-delay": PLAYOUT_DELAY,
    f"{_WEBRTC}abs-capture-time": CAPTURE_TIME,
}
EXTENSION_URIS: Final = {kind: uri for uri, kind in EXTENSIONS.items()}

# What is taken when offered. RID's also without simulcast: Chromium refuses every later description
# of a section that had none in its first answer. Not the video's orientation: a sender that may not
# signal it turns the picture itself, and then it stands upright for receivers that do not know the
# extension too (Firefox).
NEGOTIATED_EXTENSIONS: Final = frozenset(EXTENSIONS.values())


def describes_layers(codecs: Sequence[NegotiatedCodec], *, sends: bool, mixed: bool) -> bool:
    """Whether a section has use for the dependency descriptor.

    It is longer than a one-byte element, so that both forms have to be able to mix; and of a sender
    of VP8, whose payload says the same in its first bytes, it would only cost bits.
    """
    return mixed and not (sends and codecs[0].name == "VP8")


def tells_by_number(section: OfferedSection) -> bool:
    """The client tells of each packet that it receives in the section, by transport-wide number."""
    return TRANSPORT_SEQ in section.extensions and any(
        TRANSPORT_FEEDBACK in codec.feedback for codec in section.codecs
    )


def answered_parameters(codec: NegotiatedCodec, *, dtx: bool = False) -> dict[str, str]:
    """The fmtp of an answer: what tells the configuration apart, and what we ask of a sender.

    `dtx`: to send next to nothing while there is nothing to hear. Not of stereo, which is
    rather music than a voice.
    """
    if codec.name == "red":
        return dict(codec.fmtp)  # RFC 2198 section 5: the payload types of what is in it
    wanted = KNOWN_CODECS[codec.name].parameters
    answered = {name: value for name, value in codec.fmtp.items() if name in wanted}
    if codec.name == "opus" and codec.fmtp.get("sprop-stereo") == "1":
        answered["stereo"] = "1"  # RFC 7587 section 7.1: it would send stereo to who wants it
    elif codec.name == "opus" and dtx:
        answered["usedtx"] = "1"
    return answered


def match_payload_types(
    source: Sequence[NegotiatedCodec], sink: Sequence[NegotiatedCodec]
) -> list[tuple[int, int, int]]:
    """What a publisher's payload types are called at a receiver: (source pt, sink pt, RTX pt or
    -1).

    A source's payload type that no sink's configuration decodes is left out.
    """
    found = []
    for codec in source:
        match = _best(codec, sink)
        if match is not None:
            rtx_pt = -1 if match.rtx_pt is None else match.rtx_pt
            found.append((codec.pt, match.pt, rtx_pt))
    return found


def described(codecs: Iterable[NegotiatedCodec]) -> str:
    """Names and configurations, each once, for a sentence on why two sides have none in common."""
    return ", ".join(dict.fromkeys(_described(each) for each in codecs if each.name != "red"))


def _best(codec: NegotiatedCodec, sink: Sequence[NegotiatedCodec]) -> NegotiatedCodec | None:
    able = [
        each
        for each in sink
        if each.name == codec.name and each.clock_rate == codec.clock_rate and _takes(each, codec)
    ]
    if codec.name == "H264":
        return min(able, key=lambda each: h264.distance(each.fmtp, codec.fmtp), default=None)
    return able[0] if able else None


def _takes(sink: NegotiatedCodec, source: NegotiatedCodec) -> bool:
    if sink.name == "red":
        return _carried(sink) == _carried(source)  # their numbers stand inside of the payload
    if sink.name == "H264":
        return h264.takes(sink.fmtp, source.fmtp)
    return _profile(sink) == _profile(source)


def _carried(red: NegotiatedCodec) -> set[str]:
    return {pt for text in red.fmtp for pt in text.split("/")}


def _profile(codec: NegotiatedCodec) -> str:
    """What must be equal in two descriptions for the one to decode the other's stream."""
    return codec.fmtp.get(_PROFILE_NAMES[codec.name], "0") if codec.name in _PROFILE_NAMES else ""


_PROFILE_NAMES = {"VP9": "profile-id", "AV1": "profile"}  # RFC 9628 section 6.1, AV1's section 7.2


def _described(codec: NegotiatedCodec) -> str:
    if codec.name == "H264":
        return f"H264 with packetization-mode={h264.mode(codec.fmtp)}"
    if codec.name in _PROFILE_NAMES:
        return f"{codec.name} with {_PROFILE_NAMES[codec.name]}={_profile(codec)}"
    return codec.name
