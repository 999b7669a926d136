"""What a session tells its client, and the one door through which it does: `Signaler`.

The domain knows nothing of WebSockets or JSON; an edge (http/signaling) implements `Signaler` and
maps each event to its message. Events are frozen, and one that goes to a whole room is one object:
an edge may keep its serialised form by identity.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from fastsfu.auth.permissions import Permissions
from fastsfu.terms import Carried, Carrier, Publishable, SendingLimit, Source, Unfit


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a room, as others see them."""

    session_id: str
    name: str
    owner: bool
    user_data: Any  # JSON value, set by the participant
    sources: frozenset[Source]  # published, permitted and not muted
    revision: int  # of the user data and the mute states
    joined_at: float  # seconds since 1970
    origin: str  # its first session id, which it keeps when it has to join anew
    permissions: Permissions
    held: frozenset[Publishable]  # turned off by a host, until it unmutes
    limited_by: frozenset[SendingLimit] = frozenset()  # what it sends, as it says itself
    user_id: str | None = None  # of its token


@dataclass(frozen=True, slots=True)
class ParticipantJoined:
    participant: Participant


@dataclass(frozen=True, slots=True)
class ParticipantUpdated:
    """Name, user data, publications, mute states or rights changed; several at once are one event.

    Sent to everybody in the room, the participant too.
    """

    participant: Participant


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    session_id: str
    reason: str  # the `reason` of that session's `Ended`


@dataclass(frozen=True, slots=True)
class Batch:
    """Several events, in their order."""

    events: tuple[ParticipantLeft | ParticipantJoined | ParticipantUpdated, ...]


@dataclass(frozen=True, slots=True)
class Muted:
    """A host has turned off sources of this session; it may unmute them itself."""

    sources: frozenset[Publishable]


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room as those in it see it."""

    name: str
    max_participants: int
    ends_at: float | None  # seconds since 1970
    locked: bool
    enable_knocking: bool


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """What the room is has changed; told to everybody in it."""

    room: RoomState


@dataclass(frozen=True, slots=True)
class WaitingParticipant:
    """Somebody who asks to be let in."""

    id: str
    name: str
    user_id: str | None
    since: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class WaitingParticipants:
    """Who asks to be let in now, all of them; told to owners."""

    participants: tuple[WaitingParticipant, ...]


@dataclass(frozen=True, slots=True)
class SessionData:
    """Data of the meeting as a whole; told to everybody in the room."""

    data: Any  # JSON value


@dataclass(frozen=True, slots=True)
class HiddenParticipants:
    """How many watch hidden now; told to everybody in the room."""

    count: int


@dataclass(frozen=True, slots=True)
class LimitsChanged:
    """All pictures of others that do not come whole through the way to the client, by session id
    and source. Sent to sessions that take it.
    """

    limits: tuple[tuple[str, Source, Unfit], ...]


@dataclass(frozen=True, slots=True)
class VideoSuspended:
    """A video of that session does not fit to the client, or does again."""

    session_id: str
    source: Source
    suspended: bool


@dataclass(frozen=True, slots=True)
class ActiveSpeaker:
    session_id: str | None  # None: nobody speaks


@dataclass(frozen=True, slots=True)
class SubscriptionInfo:
    """Whose source a media section carries."""

    session_id: str
    source: Source


@dataclass(frozen=True, slots=True)
class SectionsWanted:
    """What the client should have to receive with: so many media sections of each kind in all.

    `offer`: it has fewer, or has to offer again all the same. `carries`: what sections carry, by
    mid, that were described and carried nothing, once `revision` is confirmed; only for a client
    that `maps`.
    """

    audio: int
    video: int
    offer: bool = True
    carries: Mapping[str, SubscriptionInfo] = field(default_factory=dict)
    revision: int = 0


@dataclass(frozen=True, slots=True)
class EncodingsWanted:
    """Which encodings of one of the client's own sources somebody wants now, the others may rest;
    and of layers in one encoding, how large ones.

    Each replaces the one before; until the first one all are wanted.
    """

    source: Source
    encodings: tuple[tuple[str, bool], ...]  # (RID, wanted) in the offer's order
    max_height: int | None = None  # lines that anybody wants of a source with one encoding


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The media path as the server sees it: ICE and DTLS both done, or not (any more)."""

    state: Literal["connected", "interrupted"]


@dataclass(frozen=True, slots=True)
class PeerConnection:
    """A P2P connection as one of its two sessions is to make it."""

    number: int
    session_id: str  # the other one
    polite: bool  # the other one makes the first offer, and wins when both offer at once
    relayed: bool  # by TURN only, so that neither side learns the other's address


@dataclass(frozen=True, slots=True)
class TopologyChanged:
    """What carries the call for this session, over what it sends, and the P2P connection to have.

    Both carriers are sent on during a change: the new one is shown once it has arrived.
    """

    carrier: Carried
    sending: tuple[Carrier, ...]
    connection: PeerConnection | None


@dataclass(frozen=True, slots=True)
class PeerDescription:
    """An offer or answer of the other client of a P2P connection."""

    connection: int
    kind: Literal["offer", "answer"]
    sdp: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PeerCandidate:
    """An ICE candidate of the other client of a P2P connection; "" ends a generation (RFC 8838)."""

    connection: int
    candidate: str = field(repr=False)
    sdp_mid: str | None
    sdp_mline_index: int | None
    username_fragment: str | None


PeerSignal = PeerDescription | PeerCandidate


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that the client should know of and that ended nothing.

    `error` is one of `sfu-unreachable` (while a direct call runs), `no-common-codec` (a publication
    that this client cannot decode), `not-allowed` (it offers to send without permission),
    `rate-limit` (it publishes anew too often, and so is answered later),
    `no-capacity` (there are as many streams as there may be, so that one does not come),
    `end-of-life` (the server is about to stop).
    """

    error: str
    info: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The call goes on elsewhere: the client should join there, before it leaves here.

    Only for clients that said that they know how to (`Arrival.moves`).
    """

    url: str | None  # base URL of a server; None: where it is, by another process
    alternates: tuple[str, ...]  # further ones


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another signaler was attached to the session; the last event for this one."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The session has ended; the last event of all.

    `reason` is one of `left`, `ejected`, `exp-token`, `exp-room`, `connection-error`, `timeout`,
    `end-of-life`, `no-publisher` (nothing is left of what a WHEP player received), or what the
    caller of `Session.leave` gave.
    """

    reason: str
    info: str


Event = (
    ParticipantJoined
    | ParticipantUpdated
    | ParticipantLeft
    | Batch
    | Muted
    | RoomChanged
    | VideoSuspended
    | LimitsChanged
    | SessionData
    | WaitingParticipants
    | HiddenParticipants
    | ActiveSpeaker
    | SectionsWanted
    | EncodingsWanted
    | ConnectionChanged
    | TopologyChanged
    | PeerDescription
    | PeerCandidate
    | Failure
    | Moved
    | Replaced
    | Ended
)


class Signaler(Protocol):
    """One client's signaling connection, as a session needs it."""

    def send(self, event: Event) -> None:
        """Queue `event` for the client. Never blocks nor raises, also when the client has gone.

        Called in the event loop's thread, also from within a call of the edge into the session.
        """
