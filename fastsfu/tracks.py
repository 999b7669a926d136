"""Publications and subscriptions: what a participant sends and who receives it (RFC 7656)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fastsfu.engine.replicas import Replicas
from fastsfu.engine.voices import RoomVoices
from fastsfu.sdp.negotiate import NegotiatedCodec, SentStream
from fastsfu.terms import Kind, Source

PayloadTypes = Sequence[tuple[int, int, int]]


@dataclass(eq=False, slots=True)
class Publication:
    """One source that one participant sends, from the offer that has it to one that has not.

    It is the engine's `StreamOwner` of its inbound stream.
    """

    session_id: str
    mid: str
    kind: Kind
    source: Source
    codecs: tuple[NegotiatedCodec, ...]  # what the publisher may send, in our order of preference
    ssrc: int | None  # as offered; None: found by its MID
    rtx_ssrc: int | None
    voice: Callable[[int], None] | None = field(repr=False)  # gets the level, 0 silent .. 127 loud
    live_ssrc: int | None = None  # as received
    inbound: int | None = None  # the handle at its own engine, from when media can come
    voices: RoomVoices | None = field(default=None, repr=False)  # the room's, when it is a voice
    replicas: Replicas = field(init=False, repr=False)  # and at others; set with `inbound`
    # Subscriptions that are to be made in the engine with it, and how.
    waiting: dict["Subscription", Callable[["Subscription"], None]] = field(
        default_factory=dict, repr=False
    )

    def on_stream_started(self, ssrc: int) -> None:
        self.live_ssrc = ssrc

    def on_stream_ended(self) -> None:
        self.on_audio_level(0)

    def on_audio_level(self, level: int) -> None:
        if self.voice is not None:
            self.voice(level)


@dataclass(eq=False, slots=True)
class Subscription:
    """A publication forwarded to one receiver, in one of the receiver's media sections."""

    publication: Publication
    mid: str  # in the receiver's description
    codecs: tuple[NegotiatedCodec, ...]  # of that section
    ssrc: int
    rtx_ssrc: int | None
    payload_types: PayloadTypes  # of the publisher, of the receiver, and of its RTX or -1
    numbered: bool = False  # the receiver tells of its packets by transport-wide number
    outbound: int | None = None  # the engine's handle, from when media can go
    paused: bool = False  # declined by the receiver
    held: bool = False  # until the receiver has said that the answer is in force

    @property
    def stream(self) -> SentStream:
        """How the answer describes it.

        CNAME is the publisher's session (RFC 3550 section 6.5.1: the same for streams to be
        synchronised); camera and microphone share one MediaStream, the screen and its sound another
        (RFC 8830), so browsers keep lips and voice together.
        """
        publication = self.publication
        group = "screen" if publication.source.startswith("screen") else "camera"
        return SentStream(
            ssrc=self.ssrc,
            rtx_ssrc=self.rtx_ssrc,
            cname=publication.session_id,
            msid_stream=f"{publication.session_id}.{group}",
            msid_track=publication.source,
        )


@dataclass(frozen=True, slots=True)
class SubscriptionInfo:
    """Whose source a media section carries."""

    session_id: str
    source: Source


def same_payload_types(one: Sequence[NegotiatedCodec], other: Sequence[NegotiatedCodec]) -> bool:
    """Whether streams go on from one description to the next: a payload type keeps its meaning for
    the life of a session (RFC 8843 section 10.1.2), so their parameters need no comparison.
    """
    return [(c.codec, c.pt, c.rtx_pt) for c in one] == [(c.codec, c.pt, c.rtx_pt) for c in other]
