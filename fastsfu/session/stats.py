"""How a session's media is doing, as one value: what the server has counted, and why it is so.

Counters are totals; bits a second are those since an earlier value, which `Session.stats` is given.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from fastsfu.terms import PathKind, Source

# How far a client's media has come on its way to us.
Stage = Literal["no-offer", "no-ice", "no-dtls", "media"]

# What keeps a stream from being all that it could be; what it means is in docs/quality.md.
Limit = Literal[
    "no-path",
    "direct",
    "no-section",
    "no-codec",
    "no-capacity",
    "unconfirmed",
    "declined",
    "sender-off",
    "sender-silent",
    "sender-link",
    "sender-cpu",
    "suspended",
    "bandwidth",
    "wish",
    "keyframe",
]


State = Literal["flowing", "waiting", "paused", "suspended", "absent"]  # of what is received


class Stats(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class StreamStats(Stats):
    """One RTP stream, named as in webrtc-stats."""

    packets: int
    """Repeats not counted."""

    bytes: int
    """Of their payloads."""

    bits_per_second: float | None
    """Of their payloads; null: there was no earlier look at it."""

    packets_lost: int
    """On the way of this stream (RFC 3550 section 6.4.1)."""

    fraction_lost: float
    """Of the last report, from 0 to 1."""

    jitter: float
    """Seconds."""

    retransmitted: int
    """Packets that came, or went out, again."""

    nack_count: int
    """Packets that were asked for again."""

    pli_count: int
    """Keyframes that were asked for."""

    idle: float | None
    """Seconds since its last packet; null: there was none."""


class EncodingStats(StreamStats):
    """One encoding of what the client sends."""

    rid: str
    height: int | None
    """Lines of the picture; null: not known, or it is sound."""

    wanted: bool
    """Somebody has use for it."""

    key_frames: int
    key_frame_age: float | None
    """Seconds since the last one."""


class SentStats(Stats):
    """A source that the client sends to the server."""

    source: Source
    encodings: list[EncodingStats]
    """The smallest first."""

    limit: Limit | None
    why: str


class ReceivedStats(Stats):
    """A source of somebody else, on its way to the client."""

    session_id: str
    source: Source
    state: State
    encodings: list[EncodingStats]
    """What comes of it from its sender, the smallest first."""

    encoding: int | None
    """Which of them the client gets; 0 is the smallest, null: none."""

    height: int | None
    """Lines of the picture."""

    stream: StreamStats | None
    limit: Limit | None
    """Null: it is all that its sender sends."""

    why: str


class PathStats(Stats):
    """The client's way for media."""

    stage: Stage
    address: str | None
    """Where its media comes from, as "ip:port"; by the relay: its address there."""

    kind: PathKind | None
    """How that comes: by UDP, over a TCP connection, or by this server's TURN relay."""

    is_own_address: bool
    """It is this machine's: the TURN relay of this server, or a client here."""

    srtp_profile: str | None
    round_trip_time: float | None
    """Seconds."""

    estimate_bps: int | None
    """What fits to the client; null: nothing is known yet."""

    fraction_lost_up: float
    """Of what it sends, from 0 to 1; the largest of its streams."""

    fraction_lost_down: float
    """Of what it is sent."""


class SessionStats(Stats):
    """One session, at one moment."""

    session_id: str
    room: str
    at: float
    """Seconds, of a clock that only tells differences."""

    path: PathStats
    sends: list[SentStats]
    receives: list[ReceivedStats]
    why: list[str]
    """All that is not as it could be, in sentences."""
