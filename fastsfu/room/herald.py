"""Tells observers what happens in one room: its events as notices."""

from collections.abc import Callable

from fastsfu.events import WaitingParticipant
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


class Herald:
    """Of the room of this name."""

    def __init__(self, room: str, tell: Callable[[Notice], None]) -> None:
        self._room = room
        self._tell = tell

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
        self._tell(
            Left(
                room=self._room,
                participant=session.participant,
                user_id=session.grant.user_id,
                hidden=session.hidden,
                reason=reason,
                received_bytes=session.account.received_bytes,
                sent_bytes=session.account.sent_bytes,
            )
        )

    def published(self, each: Publication) -> None:
        self._tell(Published(room=self._room, session_id=each.session_id, source=each.source))

    def unpublished(self, each: Publication) -> None:
        self._tell(Unpublished(room=self._room, session_id=each.session_id, source=each.source))

    def knocked(self, who: WaitingParticipant) -> None:
        self._tell(Knocked(room=self._room, participant=who))

    def knock_ended(self, who: WaitingParticipant, outcome: Outcome) -> None:
        self._tell(KnockEnded(room=self._room, participant=who, outcome=outcome))
