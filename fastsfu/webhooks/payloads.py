"""What is told, as models. Version 1: members may be added, none changes its meaning or goes."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field, JsonValue, SerializeAsAny

from fastsfu.room.meetings import Attendance, Change, Meeting
from fastsfu.room.notices import (
    CarrierChanged,
    Joined,
    Knocked,
    KnockEnded,
    Left,
    Notice,
    Outcome,
    Published,
    Unpublished,
    Updated,
)
from fastsfu.room.outbox import TellType, Told
from fastsfu.terms import Carried, Source

VERSION = "1"


class InRoom(BaseModel):
    """Where it happened. Times are seconds since 1970."""

    room: str
    meeting_id: str
    started_at: float = Field(description="of the meeting")


class Ended(InRoom):
    """A meeting is over: the last has left."""

    ended_at: float
    duration: float = Field(description="seconds")
    max_participants: int = Field(description="sessions at once")


class Usage(Ended):
    """What a meeting that is over has used."""

    sessions: int
    participant_seconds: float = Field(description="of all sessions together")
    received_bytes: int = Field(description="of media that came to the SFU, without headers")
    sent_bytes: int = Field(description="of media that went out")


class Person(InRoom):
    """Somebody in a meeting. Who has to join anew keeps the `origin`."""

    session_id: str
    origin: str
    user_id: str | None
    user_name: str
    owner: bool
    hidden: bool
    joined_at: float


class UpdatedPerson(Person):
    """Somebody whose name, user data, tracks or mute states are others now."""

    user_data: JsonValue
    tracks: list[Source] = Field(description="published and not muted")


class LeftPerson(Person):
    """Somebody who is out."""

    left_at: float
    duration: float = Field(description="seconds")
    reason: str
    received_bytes: int | None = Field(description="of media that came from it; null: not known")
    sent_bytes: int | None = Field(description="of media that went to it; null: not known")


class Track(Person):
    """Somebody who sends a source from now on, or does no longer."""

    source: Source


class Topology(InRoom):
    """What carries the call from now on."""

    carrier: Carried


class Knock(BaseModel):
    """Somebody who asks to be let in; the meeting's members are null while nobody is in."""

    room: str
    meeting_id: str | None
    started_at: float | None
    waiting_id: str
    user_id: str | None
    user_name: str
    since: float = Field(description="when it came to the waiting room")


class EndedKnock(Knock):
    """Somebody who waits no longer. Who was let in has a `participant.joined` besides."""

    outcome: Outcome


class Payload(BaseModel):
    """The body of a POST. `sequence` counts what is told of a meeting, from 1 on without a gap;
    null for what happens while there is none.
    """

    type: TellType
    version: str = VERSION
    id: str = Field(description="the same each time that it is sent, and at each endpoint")
    timestamp: datetime
    sequence: int | None
    data: SerializeAsAny[InRoom | Knock]


def told_of(notice: Notice, meeting: Meeting | None, change: Change | None) -> Iterator[Told]:
    """What other servers hear of a notice; numbers it in its meeting."""
    if isinstance(notice, Knocked | KnockEnded):
        yield _told_of_knock(notice, meeting)
        return
    if meeting is None:
        return
    lane = f"room {meeting.room}"
    where = _where(meeting)
    if change is not None and change.began:
        yield _told("room.started", lane, notice.at, meeting, InRoom(**where))
    if isinstance(notice, CarrierChanged):
        topology = Topology(**where, carrier=notice.carrier)
        yield _told("topology", lane, notice.at, meeting, topology)
    elif (attendance := _attendance(notice, meeting)) is not None:
        kind, model = _OF_SOMEBODY[type(notice)]
        data = model(**where, **_who(attendance), **_more(notice, attendance))
        yield _told(kind, attendance.origin, notice.at, meeting, data)
    if change is not None and change.ended:
        over = {**where, **_over(meeting)}
        yield _told("room.ended", lane, notice.at, meeting, Ended(**over))
        yield _told("usage", lane, notice.at, meeting, Usage(**over, **_used(meeting)))


_OF_SOMEBODY: dict[type, tuple[TellType, type[Person]]] = {
    Joined: ("participant.joined", Person),
    Updated: ("participant.updated", UpdatedPerson),
    Left: ("participant.left", LeftPerson),
    Published: ("track.published", Track),
    Unpublished: ("track.unpublished", Track),
}


def _attendance(notice: Notice, meeting: Meeting) -> Attendance | None:
    """Of whom it is about, if it is about somebody."""
    if isinstance(notice, Joined | Updated | Left):
        return meeting.attendances.get(notice.participant.session_id)
    if isinstance(notice, Published | Unpublished):
        return meeting.attendances.get(notice.session_id)
    return None


def _told_of_knock(notice: Knocked | KnockEnded, meeting: Meeting | None) -> Told:
    who = notice.participant
    data = Knock(
        room=notice.room,
        meeting_id=None if meeting is None else meeting.id,
        started_at=None if meeting is None else meeting.started_at,
        waiting_id=who.id,
        user_id=who.user_id,
        user_name=who.name,
        since=who.since,
    )
    kind: TellType = "waiting-participant.joined"
    if isinstance(notice, KnockEnded):
        data = EndedKnock(**data.model_dump(), outcome=notice.outcome)
        kind = "waiting-participant.left"
    return _told(kind, f"waiting {who.id}", notice.at, meeting, data)


def _told(
    kind: TellType, lane: str, at: float, meeting: Meeting | None, data: InRoom | Knock
) -> Told:
    if meeting is not None:
        meeting.sequence += 1
    payload = Payload(
        type=kind,
        id=f"msg_{uuid.uuid4().hex}",
        timestamp=datetime.fromtimestamp(at, UTC),
        sequence=None if meeting is None else meeting.sequence,
        data=data,
    )
    return Told(payload.id, kind, lane, payload.model_dump_json())


def _where(meeting: Meeting) -> dict[str, Any]:
    return {"room": meeting.room, "meeting_id": meeting.id, "started_at": meeting.started_at}


def _who(attendance: Attendance) -> dict[str, Any]:
    return {
        "session_id": attendance.session_id,
        "origin": attendance.origin,
        "user_id": attendance.user_id,
        "user_name": attendance.name,
        "owner": attendance.owner,
        "hidden": attendance.hidden,
        "joined_at": attendance.joined_at,
    }


def _more(notice: Notice, attendance: Attendance) -> dict[str, Any]:
    """What a notice says besides whom it is about."""
    match notice:
        case Updated():
            who = notice.participant
            return {"user_data": who.user_data, "tracks": sorted(who.sources)}
        case Left():
            seconds = max(0.0, notice.at - attendance.joined_at)
            return {
                "left_at": notice.at,
                "duration": seconds,
                "reason": notice.reason,
                "received_bytes": notice.received_bytes,
                "sent_bytes": notice.sent_bytes,
            }
        case Published() | Unpublished():
            return {"source": notice.source}
    return {}


def _over(meeting: Meeting) -> dict[str, Any]:
    ended_at = meeting.started_at if meeting.ended_at is None else meeting.ended_at
    return {
        "ended_at": ended_at,
        "duration": max(0.0, ended_at - meeting.started_at),
        "max_participants": meeting.most,
    }


def _used(meeting: Meeting) -> dict[str, Any]:
    seconds = (
        max(0.0, (each.left_at or each.joined_at) - each.joined_at)
        for each in meeting.attendances.values()
    )
    return {
        "sessions": len(meeting.attendances),
        "participant_seconds": sum(seconds),
        "received_bytes": meeting.received_bytes,
        "sent_bytes": meeting.sent_bytes,
    }
