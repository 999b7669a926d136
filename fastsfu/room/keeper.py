"""What a room needs of whoever keeps it, so that neither imports the other."""

from typing import Protocol, TypeVar

from fastsfu.auth.resume_keys import ResumeKeys
from fastsfu.messages.mailbox import MessageCounts
from fastsfu.room.bans import Bans
from fastsfu.room.notices import Notice
from fastsfu.session.outcomes import Outcomes
from fastsfu.session.session import Session
from fastsfu.terms import Carried

Kept = TypeVar("Kept", contravariant=True)  # the Room


class Keeper(Protocol[Kept]):
    """Its Rooms."""

    max_app_message_bytes: int
    message_counts: MessageCounts
    outcomes: Outcomes
    bans: Bans
    resume_keys: ResumeKeys

    def left(self, room: Kept, session: Session, reason: str) -> None:
        """A session is out."""

    def carrier_changed(self, room: Kept, carrier: Carried) -> None:
        """Something else carries the call."""

    def given_up(self, room: Kept) -> None:
        """A client that was lost has not come back in time."""

    def tell(self, notice: Notice) -> None:
        """Observers are to know."""
