"""The event loop's orders about the streams of an engine's transports, in both directions."""

from collections.abc import Sequence

from fastsfu._native.engine.voices import RoomVoices

class Streams:
    """An engine's `streams`. A stale handle does nothing; a closed transport raises ValueError.

    `kind` is a MediaKind.
    """

    def create_inbound(
        self,
        transport: int,
        *,
        kind: int,
        mid: str,
        ssrc: int | None,  # None: bound by MID when it arrives
        rtx_ssrc: int | None,
        # (pt, Codec, clock rate, rtx pt or -1)
        payload_types: Sequence[tuple[int, int, int, int]],
        nack: bool,  # ask for our own losses
        fir: bool,  # ask for keyframes by FIR (RFC 5104), not PLI
        # tell the sender how much is wanted (draft-alvestrand-rmcat-remb)
        remb: bool = False,
        voices: RoomVoices | None = None,  # those of its room, when it is one of them
        rid: str = "",  # of one encoding among several (RFC 8851)
        lower: int = 0,  # another encoding of its source, if there is one
    ) -> int: ...
    # nothing of it is forwarded; video goes on at the keyframe that is then asked for
    def pause_inbound(self, inbound: int, paused: bool) -> None: ...
    # a voice that is forwarded whoever else is louder
    def pin_inbound(self, inbound: int, pinned: bool) -> None: ...
    # its outbound streams fall silent until closed
    def close_inbound(self, inbound: int) -> None: ...
    # for create_outbound here, `source`: of another engine that has the same Links
    def create_replica(
        self, source: Streams, inbound: int, *, kind: int, clock_rate: int, lower: int = 0
    ) -> int: ...
    def close_replica(self, replica: int) -> None: ...
    def create_outbound(
        self,
        transport: int,
        inbound: int,  # or a replica
        *,
        ssrc: int,
        rtx_ssrc: int | None,
        payload_types: Sequence[tuple[int, int, int]],  # (source pt, pt, rtx pt or -1)
        cname: str,  # at most 64 bytes
        # of its section: its first packets say so, until a report names the stream
        mid: str = "",
        # with transport-wide numbers, whose id set_extensions has said
        numbered: bool = False,
        paused: bool = False,  # it begins so
    ) -> int: ...
    def close_outbound(self, outbound: int) -> None: ...
    def pause_outbound(self, outbound: int, paused: bool) -> None: ...
    # which encoding of its source it is to get at most, and before whom
    def set_preference(
        self,
        outbound: int,
        *,
        priority: int,  # 0..255, the higher goes first
        most_layer: int,  # 0 = the smallest .. 255 = any
        most_height: int,  # of the picture; 0 = any
    ) -> None: ...
    def request_keyframe(self, inbound: int) -> None: ...  # throttled in the worker
