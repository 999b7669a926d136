"""Meetings: each from the first who joins a room to the last who leaves it, and who was there.

`Meetings` makes them of notices; it knows no clock but theirs, and keeps none that has ended.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from fastsfu.auth.permissions import Permissions
from fastsfu.events import Participant
from fastsfu.room.notices import Joined, Left, Notice, Updated


@dataclass(slots=True)
class Attendance:
    """One session's part in a meeting. Times in seconds since 1970."""

    session_id: str
    origin: str
    user_id: str | None
    name: str
    owner: bool
    hidden: bool
    joined_at: float
    left_at: float | None = None
    reason: str | None = None  # why it left
    received_bytes: int | None = None  # of media, as in Left
    sent_bytes: int | None = None

    @property
    def participant(self) -> Participant:
        """As far as it is known here."""
        return Participant(
            session_id=self.session_id,
            name=self.name,
            owner=self.owner,
            user_data=None,
            sources=frozenset(),
            revision=0,
            joined_at=self.joined_at,
            origin=self.origin,
            permissions=Permissions(owner=self.owner),
            held=frozenset(),
            user_id=self.user_id,
        )


@dataclass(slots=True)
class Meeting:
    """One meeting of a room."""

    room: str
    started_at: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    ended_at: float | None = None
    most: int = 0  # sessions at once
    attendances: dict[str, Attendance] = field(default_factory=dict)  # by session id
    present: int = 0  # of them, now
    sequence: int = 0  # of what other servers were told of it: the last one's number

    @property
    def received_bytes(self) -> int:
        """Of all sessions together, as far as it is known."""
        return sum(each.received_bytes or 0 for each in self.attendances.values())

    @property
    def sent_bytes(self) -> int:
        """The same, of what went to them."""
        return sum(each.sent_bytes or 0 for each in self.attendances.values())


@dataclass(frozen=True, slots=True)
class Change:
    """What a notice means for the meeting of its room."""

    meeting: Meeting
    attendance: Attendance
    joined: bool = False  # it is new
    began: bool = False  # with it the meeting
    ended: bool = False  # with it the meeting


class Meetings:
    """Those that go on."""

    def __init__(self, ongoing: Iterable[Meeting] = ()) -> None:
        self._of_room = {meeting.room: meeting for meeting in ongoing}

    def all(self) -> list[Meeting]:
        return list(self._of_room.values())

    def adopt(self, meetings: Iterable[Meeting]) -> None:
        """These go on here, which began in another process."""
        self._of_room.update((meeting.room, meeting) for meeting in meetings)

    def of(self, room: str) -> Meeting | None:
        """The meeting of the room of this name now."""
        return self._of_room.get(room)

    def follow(self, notice: Notice) -> Change | None:
        """What has changed; None for what means nothing here."""
        match notice:
            case Joined():
                return self._joined(notice)
            case Updated():
                return self._renamed(notice)
            case Left():
                return self._left(notice)
        return None

    def _joined(self, notice: Joined) -> Change:
        meeting = self._of_room.get(notice.room)
        began = meeting is None
        if meeting is None:
            meeting = self._of_room[notice.room] = Meeting(notice.room, notice.at)
        who = notice.participant
        attendance = Attendance(
            session_id=who.session_id,
            origin=who.origin,
            user_id=notice.user_id,
            name=who.name,
            owner=who.owner,
            hidden=notice.hidden,
            joined_at=notice.at,
        )
        meeting.attendances[who.session_id] = attendance
        meeting.present += 1
        meeting.most = max(meeting.most, meeting.present)
        return Change(meeting, attendance, joined=True, began=began)

    def _renamed(self, notice: Updated) -> Change | None:
        attendance = self._attendance(notice)
        if attendance is None or attendance.name == notice.participant.name:
            return None
        attendance.name = notice.participant.name
        return Change(self._of_room[notice.room], attendance)

    def _left(self, notice: Left) -> Change | None:
        attendance = self._attendance(notice)
        if attendance is None or attendance.left_at is not None:
            return None
        meeting = self._of_room[notice.room]
        attendance.left_at, attendance.reason = notice.at, notice.reason
        attendance.received_bytes, attendance.sent_bytes = notice.received_bytes, notice.sent_bytes
        meeting.present -= 1
        if not meeting.present:
            meeting.ended_at = notice.at
            del self._of_room[notice.room]
        return Change(meeting, attendance, ended=not meeting.present)

    def _attendance(self, notice: Updated | Left) -> Attendance | None:
        meeting = self._of_room.get(notice.room)
        if meeting is None:
            return None
        return meeting.attendances.get(notice.participant.session_id)
