"""Who came, changed and went: told to each in the room in the order in which it happened.

What changes within one turn of the event loop is one event. While a room is busy, because it is
large or much happens in it, what happens within GATHER seconds goes to everybody as one `Batch`; in
one that is not, nothing waits.
"""

import asyncio
from collections.abc import Callable, Mapping

from fastsfu.allowance import Allowance
from fastsfu.events import (
    Batch,
    Event,
    Participant,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
)
from fastsfu.session.session import Session

GATHER = 0.15  # seconds
BUSY_PER_SECOND = 400.0  # events to sessions, from which a room is busy
BUSY_AT_ONCE = 400.0


class News:
    """One room's."""

    def __init__(
        self,
        sessions: Mapping[str, Session],
        note_changed: Callable[[Session, Participant, bool], None],
        tell_hidden: Callable[[], None],
    ) -> None:
        """`sessions` by id are those in the room, in order of joining. `note_changed` gets each
        that others see differently, and whether what it says of itself is new; `tell_hidden` is
        called when somebody hidden came or went.
        """
        self._sessions = sessions
        self._note_changed = note_changed
        self._tell_hidden = tell_hidden
        self._came: dict[Session, None] = {}
        self._changed: dict[Session, bool] = {}
        self._gone: list[ParticipantLeft] = []
        self._unseen: list[ParticipantLeft] = []  # but by who came after them
        self._is_hidden_due = False
        self._flushing: asyncio.Handle | None = None
        self._allowance = Allowance(BUSY_PER_SECOND, BUSY_AT_ONCE)

    def broadcast(self, event: Event) -> None:
        """Tell everybody, after what came before."""
        self.flush()
        for session in self._sessions.values():
            session.tell(event)

    def came(self, session: Session) -> None:
        """It is in the room, and has been told who is."""
        self._came[session] = None
        self._flush_soon(at_once=True)

    def changed(self, session: Session, *, metadata: bool) -> None:
        self._changed[session] = metadata or self._changed.get(session, False)
        self._flush_soon()

    def gone(self, session: Session, reason: str) -> None:
        """It is not in the room any more."""
        gone = self._unseen if session in self._came else self._gone
        gone.append(ParticipantLeft(session.id, reason))
        self.forget(session)
        self._flush_soon(at_once=True)

    def hidden(self) -> None:
        self._is_hidden_due = True
        self._flush_soon()

    def forget(self, session: Session) -> None:
        """It has left, of which nobody is told."""
        self._came.pop(session, None)
        self._changed.pop(session, None)

    def flush(self) -> None:
        """Tell what waits."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if self._came or self._changed or self._gone or self._unseen:
            self._tell()
        if self._is_hidden_due:
            self._is_hidden_due = False
            self._tell_hidden()

    def close(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()

    def _flush_soon(self, *, at_once: bool = False) -> None:
        loop = asyncio.get_running_loop()
        if self._allowance.take(loop.time(), 0) > 0:
            if self._flushing is None:
                self._flushing = loop.call_later(GATHER, self.flush)
        elif at_once:
            self.flush()
        elif self._flushing is None:
            self._flushing = loop.call_soon(self.flush)

    def _tell(self) -> None:
        came, self._came = list(self._came), {}
        changed, self._changed = self._changed, {}
        gone, self._gone = self._gone, []
        unseen, self._unseen = self._unseen, []
        joined = [ParticipantJoined(each.participant) for each in came]
        updated = {each: ParticipantUpdated(each.participant) for each in changed}
        known = [told for each, told in updated.items() if each not in came]
        places = {session: place for place, session in enumerate(came)}
        everybody = _one_of([*gone, *joined, *known])
        count = 0
        for session in self._sessions.values():
            event = everybody
            if session in places:  # it saw those who came before it as they were then
                place = places[session] + 1
                seen = [updated[each] for each in came[:place] if each in updated]
                event = _one_of([*gone, *unseen, *joined[place:], *seen, *known])
            if event is not None:
                count += 1
                session.tell(event)
        self._allowance.take(asyncio.get_running_loop().time(), count)
        for each, metadata in changed.items():
            self._note_changed(each, updated[each].participant, metadata)


def _one_of(events: list[ParticipantLeft | ParticipantJoined | ParticipantUpdated]) -> Event | None:
    if len(events) > 1:
        return Batch(tuple(events))
    return events[0] if events else None
