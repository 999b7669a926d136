"""Publications and subscriptions: what a participant sends and who receives it (RFC 7656)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fastsfu.engine.media import MediaEngine
from fastsfu.engine.replicas import Replicas
from fastsfu.engine.voices import RoomVoices
from fastsfu.events import SubscriptionInfo
from fastsfu.heights import Heights
from fastsfu.sdp.negotiate import NegotiatedCodec, OfferedEncoding, SentStream
from fastsfu.terms import Kind, Source, Unfit

# The codecs that have spatial layers.
WITH_LAYERS = ("VP9", "AV1")
PayloadTypes = Sequence[tuple[int, int, int]]
# What is to be synchronised: camera and microphone of a session, or its screen and that one's sound
Bond = tuple[str, Literal["camera", "screen"]]


@dataclass(frozen=True, slots=True)
class Wish:
    """How much of a picture a receiver wants, where there are several encodings of it.

    Without a limit, all; with both, what both allow, and the smallest encoding in any case.
    """

    max_height: int | None = None  # lines
    layer: int | None = None  # the encoding's place, 0 is the smallest
    priority: int = 0  # the greater goes first when not all fits
    last_n: int | None = None  # of everybody's cameras: only of so many who spoke last


ALL = Wish()


@dataclass(eq=False, slots=True)
class Encoding:
    """One encoding of a publication: the engine's `StreamOwner` of its inbound stream."""

    publication: "Publication" = field(repr=False)
    rid: str  # RFC 8851; empty: the only one, or told apart by SSRC
    inbound: int = 0  # the handle at its own engine
    live_ssrcs: set[int] = field(default_factory=set)  # as received; more after a restart
    wanted_here: bool = True  # by somebody at its own engine
    wanted_at: set[MediaEngine] = field(default_factory=set)  # others where somebody wants it

    @property
    def wanted(self) -> bool:
        """Whether it is of use to anybody."""
        return self.wanted_here or bool(self.wanted_at)

    def on_stream_started(self, ssrc: int) -> None:
        self.live_ssrcs.add(ssrc)
        self.publication.on_media()

    def on_stream_ended(self) -> None:
        self.publication.hear(0)

    def on_audio_level(self, level: int) -> None:
        self.publication.hear(level)

    def on_wanted(self, wanted: bool) -> None:
        before = self.wanted
        self.wanted_here = wanted
        self._tell(before)

    def want_at(self, engine: MediaEngine, wanted: bool) -> None:
        """Somebody at another engine wants it, or nobody."""
        before = self.wanted
        (self.wanted_at.add if wanted else self.wanted_at.discard)(engine)
        self._tell(before)

    def _tell(self, before: bool) -> None:
        if self.wanted != before:
            self.publication.on_demand(self.publication)


@dataclass(eq=False, slots=True)
class Publication:
    """One source that one participant sends, from the offer that has it to one that has not."""

    session_id: str
    mid: str
    kind: Kind
    source: Source
    codecs: tuple[NegotiatedCodec, ...]  # what the publisher may send, in our order of preference
    offered: tuple[OfferedEncoding, ...]  # one or more
    voice: Callable[[int], None] | None = field(repr=False)  # gets the level, 0 silent .. 127 loud
    on_demand: Callable[["Publication"], None] = field(repr=False)  # what is wanted has changed
    on_media: Callable[[], None] = field(repr=False)  # a stream of it has begun to come
    voices: RoomVoices | None = field(default=None, repr=False)  # the room's, when it is a voice
    heights: Heights | None = field(default=None, repr=False)  # of layers, that are wanted
    # Of `offered`, from when media can come; and where they are at other engines, set with them.
    encodings: list[Encoding] = field(default_factory=list, repr=False)
    replicas: Replicas = field(init=False, repr=False)
    # Subscriptions that are to be made in the engine with them, and how.
    waiting: dict["Subscription", Callable[["Subscription"], None]] = field(
        default_factory=dict, repr=False
    )

    info: SubscriptionInfo = field(init=False, repr=False)  # for who receives it

    def __post_init__(self) -> None:
        self.info = SubscriptionInfo(self.session_id, self.source)
        # Several sizes in one encoding; of several encodings each is wanted or not.
        if len(self.offered) == 1 and self.codecs[0].name in WITH_LAYERS:
            self.heights = Heights(lambda: self.on_demand(self))

    @property
    def max_height(self) -> int | None:
        """Lines that anybody wants of it; None: as many as there are."""
        return None if self.heights is None else self.heights.told

    @property
    def bond(self) -> Bond:
        return self.session_id, "screen" if self.source.startswith("screen") else "camera"

    def want_at(self, index: int, engine: MediaEngine, wanted: bool) -> None:
        """Somebody at another engine wants the encoding of that index, or nobody."""
        self.encodings[index].want_at(engine, wanted)

    @property
    def wanted_whole(self) -> bool:
        """All that its sender can send of it is of use to somebody."""
        return self.max_height is None and all(each.wanted for each in self.encodings)

    @property
    def live_ssrcs(self) -> set[int]:
        """SSRCs that have come, named in the offer or not."""
        return {ssrc for encoding in self.encodings for ssrc in encoding.live_ssrcs}

    def hear(self, level: int) -> None:
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
    named: bool = False  # the receiver takes the mid in packets
    numbered: bool = False  # the receiver tells of its packets by transport-wide number
    outbound: int | None = None  # the engine's handle, from when media can go
    wish: Wish = ALL  # as the engine knows it
    paused: bool = False  # declined by the receiver
    held: int = 0  # until the receiver has confirmed what has this number; 0: it may flow
    stream_id: str | None = None  # of the MediaStream; None: it is named for what it carries
    limit: Unfit | None = None  # it does not fit through the way to the receiver

    @property
    def suspended(self) -> bool:
        return self.limit == "suspended"

    @property
    def info(self) -> SubscriptionInfo:
        return self.publication.info

    @property
    def stream(self) -> SentStream:
        """How the answer describes it.

        CNAME is the publisher's session (RFC 3550 section 6.5.1: the same for streams to be
        synchronised); camera and microphone share one MediaStream, the screen and its sound another
        (RFC 8830), so browsers keep lips and voice together. A section that was described before it
        was known what it would carry keeps its names.
        """
        publication, stream_id = self.publication, self.stream_id
        if stream_id is not None:
            return SentStream(self.ssrc, self.rtx_ssrc, stream_id, stream_id, publication.kind)
        return SentStream(
            ssrc=self.ssrc,
            rtx_ssrc=self.rtx_ssrc,
            cname=publication.session_id,
            msid_stream=".".join(publication.bond),
            msid_track=publication.source,
        )


def same_payload_types(one: Sequence[NegotiatedCodec], other: Sequence[NegotiatedCodec]) -> bool:
    """Whether streams go on from one description to the next: a payload type keeps its meaning for
    the life of a session (RFC 8843 section 10.1.2), so their parameters need no comparison.
    """
    return one is other or [(each.codec, each.pt, each.rtx_pt) for each in one] == [
        (each.codec, each.pt, each.rtx_pt) for each in other
    ]
