"""What a recording engine was told to make, and the columns of its counters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.recording_engine import RecordingEngine

# Of a snapshot, as far as anybody outside the native code reads them.
COLUMNS = (
    *("handle", "row", "source", "state", "fits", "height", "packets", "bytes", "retransmitted"),
    *("keyframes", "nack_count", "pli_count", "lost", "fraction_lost", "jitter_us", "rtt_us"),
    *("last_packet_us", "last_keyframe_us", "estimate_bps", "fits_temporal", "layer", "scanty"),
)


@dataclass
class Transport:
    local_ufrag: str
    local_password: str
    remote_ufrag: str
    remote_password: str
    dtls_client: bool
    fingerprints: Sequence[tuple[str, bytes]]
    consent_timeout_us: int
    restarts: int = 0
    extensions: Mapping[int, int] = field(default_factory=dict)


@dataclass
class Inbound:
    transport: int
    kind: int
    mid: str
    ssrc: int | None
    rtx_ssrc: int | None
    payload_types: Sequence[tuple[int, int, int, int]]
    nack: bool
    fir: bool
    remb: bool = False
    voices: Any = None
    paused: bool = False
    pinned: bool = False
    rid: str = ""
    lower: int = 0


@dataclass
class Outbound:
    transport: int
    inbound: int
    ssrc: int
    rtx_ssrc: int | None
    payload_types: Sequence[tuple[int, int, int]]
    cname: str
    mid: str = ""
    numbered: bool = False
    paused: bool = False
    pauses: list[bool] = field(default_factory=list)
    preference: Mapping[str, int] | None = None


@dataclass
class Replica:
    source: "RecordingEngine"
    inbound: int
    kind: int
    clock_rate: int
    lower: int = 0
    paused: bool = False
