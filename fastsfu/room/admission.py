"""Whom a room lets in: who is expected, who has to wait for a host, and who gives way; and what it
cannot become while they are in.
"""

from abc import ABC, abstractmethod

from fastsfu.auth.tokens import Grant
from fastsfu.errors import RequestError
from fastsfu.events import WaitingParticipant, WaitingParticipants
from fastsfu.room.entrance import Entrance
from fastsfu.room.lobby import Lobby
from fastsfu.room.options import DIRECT_PARTICIPANTS, RoomOptions
from fastsfu.room.succession import Succession
from fastsfu.session.arrival import Arrival
from fastsfu.session.session import Session


class Admission(ABC):
    """A room's; the Room is one. Attribute: `lobby`, its waiting room."""

    options: RoomOptions
    lobby: Lobby
    succession: Succession
    _entrance: Entrance
    _sessions: dict[str, Session]

    @abstractmethod
    def granted(self, session_id: str, resume_key: str) -> Grant | None: ...

    def possible(self, options: RoomOptions) -> RoomOptions:
        """What its options would be after `update`; raises RequestError as that does."""
        wanted = options.over(self.options)
        if self._entrance.closed is not None:
            raise RequestError("The room has ended.")
        sessions = self._sessions.values()
        is_direct = wanted.topology == "p2p"
        if is_direct and not all(each.p2p for each in sessions):
            raise RequestError("Not everybody in the room can connect directly.")
        if is_direct and len(sessions) > DIRECT_PARTICIPANTS:
            raise RequestError(f"{len(sessions)} are in the room: too many for topology p2p.")
        return wanted

    @property
    def waiting(self) -> tuple[WaitingParticipant, ...]:
        """Who asks to be let in."""
        return self.lobby.participants

    def answer(self, waiting_id: str, granted: bool = True) -> None:
        """Let somebody in who waits, or not; raises RequestError when nobody does by this id."""
        self.lobby.answer(waiting_id, granted)

    def asks_for(self, arrival: Arrival) -> bool:
        """A host has to let it in."""
        expected = arrival.invited or self._expects(arrival.grant, arrival.replaces)
        return self.options.enable_knocking and not expected

    def _expects(self, grant: Grant, replaces: tuple[str, str] | None) -> bool:
        """An owner, or somebody who comes back."""
        return grant.owner or (replaces is not None and self.granted(*replaces) is not None)

    def _same_user(self, session: Session) -> list[Session]:
        """Sessions that are to give way to this one."""
        user_id = session.grant.user_id
        if user_id is None or not self.options.enforce_unique_user_ids:
            return []
        return [each for each in self._sessions.values() if each.grant.user_id == user_id]

    def _taken(self, session: Session) -> int:
        """Seats that would not be free for it."""
        kept = self.succession.seats_besides(session.replaces)
        return len(self._sessions) + kept - len(self._same_user(session))

    def _tell_waiting(self) -> None:
        event = WaitingParticipants(self.waiting)
        for session in self._sessions.values():
            if session.permissions.owner:
                session.tell(event)
