"""The values of a negotiation: a session description's lines, an offer as far as it matters to an
SFU, and what is to be sent in the answer. Nothing here knows a socket, a room or the engine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
Setup = Literal["actpass", "active", "passive"]


class Attributes(list[tuple[str, str | None]]):
    """The `a=` lines of one level in their order: (name, value); value None for a flag (RFC 8866
    5.13).
    """

    def first(self, name: str) -> str | None:
        """The first value of that name; a flag's value is the empty string."""
        for key, value in self:
            if key == name:
                return value or ""
        return None

    def all(self, name: str) -> Iterator[str]:
        return (value or "" for key, value in self if key == name)

    def has(self, name: str) -> bool:
        return self.first(name) is not None


@dataclass
class MediaDescription:
    """One media section as it is written: the m= line, the lines that are not attributes, the
    attributes.
    """

    kind: str  # audio, video, application, ...
    port: int
    protocol: str  # UDP/TLS/RTP/SAVPF
    formats: list[str]
    lines: list[tuple[str, str]] = field(default_factory=list)  # i=, c=, b=, k=
    attributes: Attributes = field(default_factory=Attributes)
    mids: tuple[str, ...] = ()  # as the attributes name them: one, as a rule
    # One that differs in nothing but the mid.
    like: "MediaDescription | None" = field(default=None, repr=False, compare=False)

    def with_mid(self, mid: str, position: int) -> "MediaDescription":
        """One that is like this, with a mid of its own; `position`: that of the attribute."""
        attributes = Attributes(self.attributes)
        attributes[position] = ("mid", mid)
        alike = object.__new__(MediaDescription)
        alike.__dict__.update(self.__dict__, attributes=attributes, mids=(mid,), like=self)
        return alike


@dataclass
class SessionDescription:
    """A whole description: session lines (v, o, s, t, ...) in order, session attributes, media
    sections.
    """

    lines: list[tuple[str, str]] = field(default_factory=list)
    attributes: Attributes = field(default_factory=Attributes)
    media: list[MediaDescription] = field(default_factory=list)


@dataclass(frozen=True)
class NegotiatedCodec:
    """A codec that both sides know, with the client's payload type."""

    name: str  # as in codecs.py: "VP8", "opus", ...
    codec: int  # packet.codec.Codec
    pt: int
    rtx_pt: int | None  # payload type of its RTX (RFC 4588)
    clock_rate: int
    channels: int
    fmtp: Mapping[str, str] = field(default_factory=dict, hash=False)
    feedback: tuple[str, ...] = ()  # theirs that is ours: "nack pli", "transport-cc", ...


@dataclass(frozen=True)
class DataChannels:
    """What a section for data channels says (RFC 8841)."""

    port: int  # of SCTP within DTLS
    max_message_bytes: int  # that the client takes; 0: any


@dataclass(frozen=True)
class OfferedEncoding:
    """One of several encodings of a section's source (simulcast)."""

    rid: str = ""  # empty: told apart by SSRC
    ssrc: int | None = None
    rtx_ssrc: int | None = None


@dataclass(frozen=True)
class OfferedSection:
    """One media section of an offer, in the offer's place."""

    mid: str  # empty only when rejected
    kind: str
    client_sends: bool
    client_receives: bool
    codecs: tuple[NegotiatedCodec, ...]  # theirs that are ours, in our order; empty: no media
    ssrc: int | None = None  # None: to be found by MID when it arrives
    rtx_ssrc: int | None = None
    encodings: tuple[OfferedEncoding, ...] = ()  # two or more with simulcast; then no `ssrc`
    msid: str | None = None  # "STREAM TRACK" (RFC 8830)
    rejected_reason: str | None = None  # then the answer's port is 0
    protocol: str = "UDP/TLS/RTP/SAVPF"
    formats: tuple[str, ...] = ()  # of the m= line, which a rejection repeats
    extensions: Mapping[int, int] = field(
        default_factory=dict
    )  # ExtensionKind -> id, of this section
    sent_extensions: frozenset[int] = frozenset()  # those that only the client sends
    reduced_size: bool = False  # RFC 5506
    channels: DataChannels | None = None  # then it is no media section
    # Of this and all that differ in nothing but their mid.
    shape: object = field(default_factory=object, init=False, repr=False, compare=False)

    def with_mid(self, mid: str) -> "OfferedSection":
        """One that is like this; a fifth of what `replace` takes."""
        section = object.__new__(OfferedSection)
        section.__dict__.update(self.__dict__, mid=mid)
        return section

    @property
    def rejected(self) -> bool:
        return self.rejected_reason is not None

    @property
    def streams(self) -> tuple[OfferedEncoding, ...]:
        """What the client sends in it: one encoding, or several."""
        return self.encodings or (OfferedEncoding(ssrc=self.ssrc, rtx_ssrc=self.rtx_ssrc),)

    @property
    def ssrcs(self) -> list[int]:
        """All that the section names as sent by the client."""
        if not self.client_sends:
            return []
        named = [ssrc for each in self.streams for ssrc in (each.ssrc, each.rtx_ssrc)]
        return [ssrc for ssrc in named if ssrc is not None]


@dataclass(frozen=True)
class Offer:
    """An offer that can be answered. An ICE restart is an offer with another ice_ufrag and
    ice_pwd.
    """

    ice_ufrag: str
    ice_pwd: str
    fingerprints: tuple[tuple[str, bytes], ...]  # ("sha-256", digest)
    setup: Setup
    dtls_client: bool  # we send the ClientHello, because the client will not
    extensions: Mapping[int, int]  # ExtensionKind -> id, for the whole BUNDLE
    sections: tuple[OfferedSection, ...]
    bundle: tuple[str, ...]  # mids of the accepted sections; the first is the tag (RFC 9143)
    mixed_extensions: bool = False  # one- and two-byte headers may mix (RFC 8285 section 6)
    grouped: bool = True  # False: a section alone, which the answer groups no more than the offer

    def section(self, mid: str) -> OfferedSection | None:
        return next((s for s in self.sections if s.mid == mid), None)

    @property
    def channels(self) -> DataChannels | None:
        return next((s.channels for s in self.sections if s.channels is not None), None)


class SentStream(NamedTuple):
    """A stream that the server sends in one section."""

    ssrc: int
    rtx_ssrc: int | None
    cname: str  # RTCP CNAME (RFC 3550 6.5.1); equal for streams to be synchronised
    msid_stream: str  # the browser groups tracks into streams by it
    msid_track: str
