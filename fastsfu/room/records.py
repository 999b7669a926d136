"""What is to outlive the rooms: those that were made to stay, the meetings that were in them, and
who was ejected.

An edge may keep them in a database (`Records`); without one, the last meetings are in memory.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from fastsfu.room.answers import AnswersInMemory, KeptAnswer
from fastsfu.room.bans import Ban, Kept
from fastsfu.room.meetings import Meeting, Meetings
from fastsfu.room.notices import Notice
from fastsfu.room.options import RoomOptions
from fastsfu.room.outbox import Outbox

MOST_MEETINGS = 1000  # in memory


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room that stays."""

    name: str
    options: RoomOptions
    created_at: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Found:
    """What there was when the records were opened."""

    rooms: Iterable[RoomRecord] = ()
    unfinished: Iterable[Notice] = ()  # the ends that nobody told of: the process was killed
    bans: Iterable[Ban] = ()


@dataclass(frozen=True, slots=True)
class Ongoing:
    """The meetings that one process leaves to the next one."""

    meetings: list[Meeting] = field(default_factory=list)
    life: int | None = None  # of that process, where processes share a database


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which meetings, newest first. Times in seconds since 1970."""

    limit: int = 100
    after: str | None = None  # those that began before this one: its id
    room: str | None = None
    since: float | None = None  # began not before
    until: float | None = None  # began before


class Records(Kept, Protocol):
    """Where they are kept. An Observer too, told before all others."""

    @property
    def outbox(self) -> Outbox | None:
        """What other servers are to hear of; None when nothing is told to any."""

    async def open(self) -> Found: ...

    async def close(self) -> None: ...

    async def hand_over(self) -> Ongoing:
        """Another process goes on: nothing that is noticed here counts from now on."""

    async def take_back(self) -> None:
        """It does not, after all."""

    async def take_over(self, ongoing: Ongoing) -> None:
        """Go on with what another process has handed over; raises RecordError."""

    async def keep_room(self, record: RoomRecord) -> None:
        """Keep a room, in the place of what was kept of this name; raises RecordError."""

    async def forget_room(self, name: str) -> None:
        """It has been deleted; raises RecordError."""

    def noticed(self, notice: Notice, /) -> None:
        """Something has happened. Never waits."""

    async def settled(self) -> None:
        """Wait until all that has been noticed is kept; not for ever, should that fail."""

    async def meetings(self, wanted: Wanted) -> list[Meeting]:
        """Meetings that have ended; raises KeyError when there is none of the id `after`."""

    async def keep_answer(self, answer: KeptAnswer) -> None:
        """Keep it for a day, in the place of one that has its key; raises RecordError."""

    async def find_answer(self, owner: str, key: str) -> KeptAnswer | None:
        """What was kept of this key, unless that is too long ago; raises RecordError."""


class InMemory(AnswersInMemory):
    """Records of this process alone."""

    outbox = None

    def __init__(self) -> None:
        super().__init__()
        self._ongoing = Meetings()
        self._ended: deque[Meeting] = deque(maxlen=MOST_MEETINGS)  # in order of their ends

    async def open(self) -> Found:
        return Found()

    async def close(self) -> None: ...

    async def hand_over(self) -> Ongoing:
        return Ongoing(self._ongoing.all())

    async def take_back(self) -> None: ...

    async def take_over(self, ongoing: Ongoing) -> None:
        self._ongoing.adopt(ongoing.meetings)

    async def keep_room(self, record: RoomRecord) -> None: ...

    async def forget_room(self, name: str) -> None: ...

    def keep_ban(self, ban: Ban) -> None: ...

    def forget_bans(self, room: str, whom: str | None = None) -> None: ...

    def noticed(self, notice: Notice, /) -> None:
        change = self._ongoing.follow(notice)
        if change is not None and change.ended:
            self._ended.append(change.meeting)

    async def settled(self) -> None: ...

    async def meetings(self, wanted: Wanted) -> list[Meeting]:
        ordered = sorted(self._ended, key=_age)
        if wanted.after is not None:
            ids = [each.id for each in ordered]
            if wanted.after not in ids:
                raise KeyError(wanted.after)
            ordered = ordered[ids.index(wanted.after) + 1 :]
        return [each for each in ordered if _is_wanted(each, wanted)][: wanted.limit]


def _age(meeting: Meeting) -> tuple[float, str]:
    return -meeting.started_at, meeting.id


def _is_wanted(meeting: Meeting, wanted: Wanted) -> bool:
    return (
        wanted.room in (None, meeting.room)
        and (wanted.since is None or meeting.started_at >= wanted.since)
        and (wanted.until is None or meeting.started_at < wanted.until)
    )
