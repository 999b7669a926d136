"""What observers are told of: frozen notices, each with its room's name and when it happened.

Those of one room come in the order in which it happened. A participant is as the others saw it;
`user_id` is what its token says, or None. Somebody hidden has notices too, marked so.
"""

import time
from dataclasses import dataclass, field
from typing import Literal

from fastsfu.events import Participant, WaitingParticipant
from fastsfu.room.options import RoomOptions
from fastsfu.terms import Carried, Source

Outcome = Literal["granted", "denied", "left"]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What all notices have in common."""

    room: str
    at: float = field(default_factory=time.time)  # seconds since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOpened(About):
    """There is a room of this name now; its times are watched."""

    options: RoomOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomUpdated(About):
    """Its options are others now."""

    options: RoomOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomClosed(About):
    """Nobody gets in any more; the last notice of this room.

    `reason`: `empty` (it was made by who joined, and the last has left), `ejected` (it was
    deleted), `exp-room`, `end-of-life`.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(About):
    """Somebody is in."""

    participant: Participant
    user_id: str | None
    hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated(About):
    """Name, user data, publications or mute states of a participant changed."""

    participant: Participant
    user_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(About):
    """Somebody has left; `reason` as in `events.Ended`.

    Who comes back after losing the connection has the same `participant.origin` in its next Joined.
    The bytes are those of the media that came from it to the SFU and went to it, without headers
    and repeats; None of a process that was killed.
    """

    participant: Participant
    user_id: str | None
    hidden: bool
    reason: str
    received_bytes: int | None = None
    sent_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(About):
    """A participant sends a source from now on."""

    session_id: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpublished(About):
    """It does no longer."""

    session_id: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierChanged(About):
    """The call goes over this from now on."""

    carrier: Carried


@dataclass(frozen=True, slots=True, kw_only=True)
class Knocked(About):
    """Somebody asks the hosts to be let in."""

    participant: WaitingParticipant


@dataclass(frozen=True, slots=True, kw_only=True)
class KnockEnded(About):
    """They wait no longer: let in (`granted`), refused (`denied`), or gone (`left`).

    Who is let in has another id, and a Joined of its own.
    """

    participant: WaitingParticipant
    outcome: Outcome


Notice = (
    RoomOpened
    | RoomUpdated
    | RoomClosed
    | Joined
    | Updated
    | Left
    | Published
    | Unpublished
    | CarrierChanged
    | Knocked
    | KnockEnded
)
