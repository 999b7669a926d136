"""Meetings that have ended: who was there, when and how long."""

from typing import Annotated

from fastapi import Query
from pydantic import Field

from fastsfu.http.answers import HttpError
from fastsfu.http.api.route import Answer, Sfu, router
from fastsfu.http.model import RoomName
from fastsfu.room.meetings import Attendance, Meeting
from fastsfu.room.records import Wanted

meetings = router("meetings")


class MeetingParticipant(Answer):
    """One session in a meeting. Who had to join anew has several, of one `origin`."""

    participant_id: str = Field(description="session id")
    origin: str
    user_id: str | None
    user_name: str
    owner: bool
    hidden: bool
    join_time: float = Field(description="seconds since 1970")
    duration: float = Field(description="seconds")
    reason: str | None = Field(description="why it left")
    received_bytes: int | None = Field(description="of media that came from it; null: not known")
    sent_bytes: int | None = Field(description="of media that went to it; null: not known")


class MeetingAnswer(Answer):
    """A meeting: from the first who joined a room to the last who left it."""

    id: str
    room: str
    start_time: float = Field(description="seconds since 1970")
    duration: float = Field(description="seconds")
    max_participants: int = Field(description="sessions at once")
    received_bytes: int = Field(description="of media that came to the SFU, without headers")
    sent_bytes: int = Field(description="of media that went out")
    participants: list[MeetingParticipant]


class MeetingPage(Answer):
    """Some of the meetings, the newest first."""

    total_count: int = Field(description="in this answer")
    data: list[MeetingAnswer]


@meetings.get("/meetings")
async def list_meetings(
    sfu: Sfu,
    room: RoomName | None = None,
    timeframe_start: Annotated[float | None, Query(description="seconds since 1970")] = None,
    timeframe_end: Annotated[float | None, Query(description="seconds since 1970")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
    starting_after: Annotated[
        str | None, Query(description="a meeting's id", pattern=r"^[\w-]{1,64}$")
    ] = None,
) -> MeetingPage:
    """Meetings that have ended, by when they began."""
    wanted = Wanted(limit, starting_after, room, timeframe_start, timeframe_end)
    try:
        found = await sfu.records.meetings(wanted)
    except KeyError:
        raise HttpError(400, "bad-request", "starting_after: there is no such meeting") from None
    return MeetingPage(total_count=len(found), data=[_answer(each) for each in found])


def _answer(meeting: Meeting) -> MeetingAnswer:
    return MeetingAnswer(
        id=meeting.id,
        room=meeting.room,
        start_time=meeting.started_at,
        duration=_seconds(meeting.started_at, meeting.ended_at),
        max_participants=meeting.most,
        received_bytes=meeting.received_bytes,
        sent_bytes=meeting.sent_bytes,
        participants=[_participant(each) for each in meeting.attendances.values()],
    )


def _participant(attendance: Attendance) -> MeetingParticipant:
    return MeetingParticipant(
        participant_id=attendance.session_id,
        origin=attendance.origin,
        user_id=attendance.user_id,
        user_name=attendance.name,
        owner=attendance.owner,
        hidden=attendance.hidden,
        join_time=attendance.joined_at,
        duration=_seconds(attendance.joined_at, attendance.left_at),
        reason=attendance.reason,
        received_bytes=attendance.received_bytes,
        sent_bytes=attendance.sent_bytes,
    )


def _seconds(begin: float, end: float | None) -> float:
    return max(0.0, (begin if end is None else end) - begin)
