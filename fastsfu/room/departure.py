"""All rooms on their way to another process, which accepts already: who goes when.

Who can move is told where to, and leaves once all is there; who cannot (a client of before) is
ended, and joins there at once. When the last of a room has gone, or time is up, its mail follows.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from fastsfu.events import Moved
from fastsfu.room.bans import Ban
from fastsfu.room.records import Ongoing, Records
from fastsfu.room.room import Room
from fastsfu.room.rooms import Rooms
from fastsfu.room.succession import RoomMail, RoomState, State

SECONDS: Final = 8.0  # for a room to move; who is slower gets its messages later


class Estate(State):
    """What a process leaves to the next one."""

    rooms: list[RoomState]
    bans: list[Ban]
    ongoing: Ongoing = Ongoing()


class Handover:
    """Of one server's rooms: to the next process, or from the one before.

    Attribute: `is_under_way`, another process has the calls and none is taken here.
    """

    def __init__(self, rooms: Rooms, records: Records, patience: float) -> None:
        """`patience`: seconds for guests to come."""
        self.is_under_way = False
        self._rooms = rooms
        self._records = records
        self._patience = patience

    # To the next one.

    async def begin(self) -> Estate:
        """What it has to know. Then send everybody there (`move_out`), or `take_back`."""
        self.is_under_way = True
        bans, states = self._rooms.bans.all(), self._rooms.states()
        return Estate(rooms=states, bans=bans, ongoing=await self._records.hand_over())

    async def take_back(self) -> None:
        """It does not come about."""
        self.is_under_way = False
        for room in self._rooms:
            room.is_leaving = False
        await self._records.take_back()

    async def move_out(self) -> AsyncIterator[RoomMail]:
        """Send everybody to it; the mail of each room, when it is its time."""
        leaving = list(self._rooms)
        for room in leaving:
            _send_away(room)
        ends_at = asyncio.get_running_loop().time() + SECONDS
        while leaving:
            self._rooms.somebody_left.clear()
            is_late = asyncio.get_running_loop().time() >= ends_at
            for room in [each for each in leaving if is_late or not _waits(each)]:
                leaving.remove(room)
                boxes, traffic = room.exchange.pack(), room.succession.traffic
                yield RoomMail(name=room.name, boxes=boxes, traffic=traffic)
            if leaving:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(ends_at):
                        await self._rooms.somebody_left.wait()

    # From the one before.

    async def expect(self, estate: Estate) -> None:
        """Take its calls: its clients are about to come. Raises RecordError."""
        await self._records.take_over(estate.ongoing)
        for name in {each.name for each in self._rooms} - {each.name for each in estate.rooms}:
            self._rooms.leave_out(name)  # another server's, or deleted there since it was read here
        self._rooms.bans.adopt(estate.bans)
        for state in estate.rooms:
            self._rooms.expect(state, self._patience)

    def complete(self, mail: RoomMail) -> None:
        """What waited there for those of a room."""
        if room := self._rooms.get(mail.name):
            room.exchange.complete(mail.boxes)
        for session_id, (received, sent) in mail.traffic.items():
            if session := self._rooms.sessions.get(session_id):
                session.account.received_bytes += received
                session.account.sent_bytes += sent

    def complete_all(self) -> None:
        """No further mail comes from there."""
        for room in self._rooms:
            room.exchange.complete(())


def _send_away(room: Room) -> None:
    for session in list(room.sessions.values()):
        if session.moves:
            session.tell(Moved(None, ()))
        elif session.mailbox is not None:  # who has none is no client that could join anew
            session.leave("end-of-life", "Another process has taken over: join again.")


def _waits(room: Room) -> bool:
    """Somebody is about to move."""
    return any(each.moves and each.line.is_attached for each in room.sessions.values())
