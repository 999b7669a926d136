"""Meetings as rows, and rows as meetings."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fastsfu.room.meetings import Attendance, Change, Meeting, Meetings
from fastsfu.room.notices import Left
from fastsfu.room.records import Wanted
from fastsfu.store.journal import Row
from fastsfu.store.tables import ATTENDANCES, MEETINGS

ATTENDANCE_COLUMNS = tuple(each.name for each in ATTENDANCES.c if each.name != "meeting")
NEW_MEETING, NEW_ATTENDANCE = insert(MEETINGS), insert(ATTENDANCES)
CHANGED_MEETING = update(MEETINGS).where(MEETINGS.c.id == bindparam("meeting"))
CHANGED_ATTENDANCE = update(ATTENDANCES).where(ATTENDANCES.c.session_id == bindparam("session"))
KILLED = "end-of-life"  # why they left whom a killed process had
MEETING_CHANGES = ("most", "ended_at", "sequence")
CHANGES = ("name", "left_at", "reason", "received_bytes", "sent_bytes")  # of an attendance


def rows_of(meeting: Meeting, change: Change | None, life: int) -> Iterator[Row]:
    """What has to be written; without a change of who is in, how much was told of it."""
    if change is not None and change.began:
        yield NEW_MEETING, _meeting_values(meeting, life)
    else:
        changed = {name: getattr(meeting, name) for name in MEETING_CHANGES}
        yield CHANGED_MEETING, {"meeting": meeting.id, **changed}
    if change is None:
        return
    attendance = change.attendance
    values = {name: getattr(attendance, name) for name in ATTENDANCE_COLUMNS}
    if change.joined:
        yield NEW_ATTENDANCE, {"meeting": meeting.id, **values}
    else:
        changed = {name: values[name] for name in CHANGES}
        yield CHANGED_ATTENDANCE, {"session": attendance.session_id, **changed}


async def read_ended(connection: AsyncConnection, wanted: Wanted) -> list[Meeting]:
    """Raises KeyError when there is none of the id `after`."""
    conditions: list[ColumnElement[bool]] = [MEETINGS.c.ended_at.is_not(None)]
    if wanted.room is not None:
        conditions.append(MEETINGS.c.room == wanted.room)
    if wanted.since is not None:
        conditions.append(MEETINGS.c.started_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(MEETINGS.c.started_at < wanted.until)
    if wanted.after is not None:
        place = select(MEETINGS.c.started_at).where(MEETINGS.c.id == wanted.after)
        at = (await connection.execute(place)).scalar_one_or_none()
        if at is None:
            raise KeyError(wanted.after)
        conditions.append(tuple_(MEETINGS.c.started_at, MEETINGS.c.id) < tuple_(at, wanted.after))
    order = (MEETINGS.c.started_at.desc(), MEETINGS.c.id.desc())
    query = select(MEETINGS).where(*conditions).order_by(*order).limit(wanted.limit)
    return await _with_attendances(connection, (await connection.execute(query)).mappings())


async def read_unfinished(connection: AsyncConnection, life: int) -> list[Meeting]:
    """The meetings of this process that go on, as far as the database knows."""
    query = select(MEETINGS).where(MEETINGS.c.life == life, MEETINGS.c.ended_at.is_(None))
    return await _with_attendances(connection, (await connection.execute(query)).mappings())


def ends_of(meeting: Meeting, seen_at: float) -> Iterator[tuple[Left, Change]]:
    """What would have been told of a meeting whose process was seen then, and was killed."""
    meetings = Meetings([meeting])
    for attendance in list(meeting.attendances.values()):
        notice = Left(
            room=meeting.room,
            at=max(seen_at, attendance.joined_at),
            participant=attendance.participant,
            user_id=attendance.user_id,
            hidden=attendance.hidden,
            reason=KILLED,
        )
        change = meetings.follow(notice)
        if change is not None:
            yield notice, change


async def _with_attendances(
    connection: AsyncConnection, rows: Iterable[Mapping[Any, Any]]
) -> list[Meeting]:
    found = {
        row["id"]: Meeting(
            room=row["room"],
            started_at=row["started_at"],
            id=row["id"],
            ended_at=row["ended_at"],
            most=row["most"],
            sequence=row["sequence"],
        )
        for row in rows
    }
    query = (
        select(ATTENDANCES)
        .where(ATTENDANCES.c.meeting.in_(list(found)))
        .order_by(ATTENDANCES.c.joined_at)
    )
    for row in (await connection.execute(query)).mappings():
        meeting = found[row["meeting"]]
        attendance = Attendance(**{name: row[name] for name in ATTENDANCE_COLUMNS})
        meeting.attendances[attendance.session_id] = attendance
        meeting.present += attendance.left_at is None
    return list(found.values())


def _meeting_values(meeting: Meeting, life: int) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "life": life,
        "room": meeting.room,
        "started_at": meeting.started_at,
        "ended_at": meeting.ended_at,
        "most": meeting.most,
        "sequence": meeting.sequence,
    }
