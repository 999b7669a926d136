"""Tells observers what happens in one room: its events as notices."""

from collections.abc import Callable, Iterable
from typing import Protocol

from fastsfu.auth.tokens import Grant
from fastsfu.events import Participant, WaitingParticipant
from fastsfu.room.notices import (
    CarrierChanged,
    Joined,
    Knocked,
    KnockEnded,
    Left,
    Notice,
    Outcome,
    Published,
    RoomClosed,
    RoomOpened,
    RoomUpdated,
    Unpublished,
    Updated,
)
from fastsfu.room.options import RoomOptions
from fastsfu.session.session import Session
from fastsfu.terms import Carried
from fastsfu.tracks import Publication


class Known(Protocol):
    """A session, of this process or the one before."""

    @property
    def grant(self) -> Grant: ...

    @property
    def hidden(self) -> bool: ...

    @property
    def participant(self) -> Participant: ...


class Herald:
    """Of the room of this name."""

    def __init__(self, room: str, tell: Callable[[Notice], None]) -> None:
        self._room = room
        self._tell = tell
        self._told: set[tuple[str, str]] = set()  # session and source, by the process before

    def told_before(self, sessions: Iterable[Known]) -> None:
        """Nobody is told again of what they publish."""
        people = [each.participant for each in sessions]
        self._told = {(each.session_id, source) for each in people for source in each.sources}

    def opened(self, options: RoomOptions) -> None:
        self._tell(RoomOpened(room=self._room, options=options))

    def updated(self, options: RoomOptions) -> None:
        self._tell(RoomUpdated(room=self._room, options=options))

    def closed(self, reason: str) -> None:
        self._tell(RoomClosed(room=self._room, reason=reason))

    def carrier_changed(self, carrier: Carried) -> None:
        self._tell(CarrierChanged(room=self._room, carrier=carrier))

    def joined(self, session: Session) -> None:
        self._tell(
            Joined(
                room=self._room,
                participant=session.participant,
                user_id=session.grant.user_id,
                hidden=session.hidden,
            )
        )

    def changed(self, session: Session) -> None:
        self._tell(
            Updated(
                room=self._room,
                participant=session.participant,
                user_id=session.grant.user_id,
            )
        )

    def left(self, session: Session, reason: str) -> None:
        account = session.account
        self.ended(session, reason, account.received_bytes, account.sent_bytes)

    def ended(
        self,
        session: Known,
        reason: str,
        received_bytes: int | None = None,
        sent_bytes: int | None = None,
    ) -> None:
        """It has left; one of the process before, when it has not come here."""
        self._tell(
            Left(
                room=self._room,
                participant=session.participant,
                user_id=session.grant.user_id,
                hidden=session.hidden,
                reason=reason,
                received_bytes=received_bytes,
                sent_bytes=sent_bytes,
            )
        )

    def published(self, each: Publication) -> None:
        if (known := (each.session_id, each.source)) in self._told:
            self._told.discard(known)
            return
        self._tell(Published(room=self._room, session_id=each.session_id, source=each.source))

    def unpublished(self, each: Publication) -> None:
        self._tell(Unpublished(room=self._room, session_id=each.session_id, source=each.source))

    def knocked(self, who: WaitingParticipant) -> None:
        self._tell(Knocked(room=self._room, participant=who))

    def knock_ended(self, who: WaitingParticipant, outcome: Outcome) -> None:
        self._tell(KnockEnded(room=self._room, participant=who, outcome=outcome))
