"""What becomes of a room when another process takes it over: what the next one is told, and whom it
expects.

Its clients join there one by one, while what they have here still runs. Those who can move keep
their session ids; everybody finds the mailbox, the rights and the seat that they had.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from fastsfu.auth.permissions import Permissions
from fastsfu.auth.resume_keys import ResumeKeys
from fastsfu.auth.tokens import Grant
from fastsfu.events import Participant
from fastsfu.messages.exchange import Exchange
from fastsfu.messages.mailbox import Mail
from fastsfu.p2p.peering import Peering
from fastsfu.room.herald import Herald
from fastsfu.session.arrival import Arrival
from fastsfu.session.session import Session
from fastsfu.terms import Carried, Source


class State(BaseModel):
    """Passed on from one process to the next, which may be of another version."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Guest(State):
    """A session of the process before."""

    id: str
    name: str = ""
    origin: str
    grant: Grant
    joined_at: float  # seconds since 1970
    moves: bool
    p2p: bool
    hidden: bool
    is_in: bool = True  # False: it was lost there, and may be come back to
    sources: frozenset[Source] = frozenset()

    @property
    def participant(self) -> Participant:
        """As far as it is known here."""
        return Participant(
            session_id=self.id,
            name=self.name,
            owner=self.grant.owner,
            user_data=None,
            sources=self.sources,
            revision=0,
            joined_at=self.joined_at,
            origin=self.origin,
            permissions=self.grant.permissions,
            held=frozenset(),
            user_id=self.grant.user_id,
        )


class RoomState(State):
    """A room of the process before."""

    name: str
    options: dict[str, Any]
    is_kept: bool  # also with nobody in it
    created_at: float | None = None  # seconds since 1970
    carrier: Carried
    standing: dict[str, Permissions]
    names: dict[str, str] = {}
    guests: list[Guest]


class RoomMail(State):
    """What waits for the clients of a room, and what they have had: bytes received from them and
    sent to them, by session id.
    """

    name: str
    boxes: list[Mail]
    traffic: dict[str, tuple[int, int]] = {}


def _guest(session: Session, *, moves: bool, is_in: bool = True) -> Guest:
    return Guest(
        id=session.id,
        name=session.name,
        origin=session.origin,
        grant=session.grant,
        joined_at=session.joined_at,
        moves=moves,
        p2p=session.p2p,
        hidden=session.hidden,
        is_in=is_in,
        sources=frozenset(session.publisher.sources),
    )


class Succession:
    """Of one room: the guests of the process before who have not come yet.

    Attribute: `traffic`, of those who have gone to the next process (RoomMail).
    """

    def __init__(
        self, room: str, keys: ResumeKeys, exchange: Exchange, peering: Peering, herald: Herald
    ) -> None:
        self.traffic: dict[str, tuple[int, int]] = {}
        self._room = room
        self._keys = keys
        self._exchange = exchange
        self._peering = peering
        self._herald = herald
        self._absent: dict[str, Guest] = {}

    def guests(self, sessions: Iterable[Session]) -> list[Guest]:
        """Whom the next process has to expect: who is in, who was lost, who has not come yet."""
        lost = [each for each in self._exchange.absent if isinstance(each, Session)]
        return [
            *(_guest(each, moves=each.moves) for each in sessions),
            *(_guest(each, moves=False, is_in=False) for each in lost),
            *self._absent.values(),
        ]

    def expect(self, guests: Iterable[Guest], carrier: Carried, patience: float) -> None:
        """They are on their way; `patience` in seconds."""
        self._absent = {each.id: each for each in guests}
        self._herald.told_before(self._absent.values())
        asyncio.get_running_loop().call_later(patience, self.give_up)
        for guest in self._absent.values():
            self._exchange.expect(_Owner(guest, self._room, self._keys, patience), guest.origin)
        moving = {each.id: each.p2p for each in self._absent.values() if each.moves}
        visible = {each: p2p for each, p2p in moving.items() if not self._absent[each].hidden}
        self._peering.expect(visible, carrier)

    def as_before(self, arrival: Arrival) -> Arrival:
        """The same, or who proves to be one of them, with the id that they had."""
        guest = self._proven(arrival.replaces)
        if guest is None or not guest.moves:
            return arrival
        return replace(arrival, session_id=guest.id, joined_at=guest.joined_at)

    def seats_besides(self, replaces: tuple[str, str] | None) -> int:
        """How many are kept for those who have not come, other than who proves to be one."""
        return len(self._absent) - (self._proven(replaces) is not None)

    def came(self, session: Session) -> None:
        """Somebody is in. Observers hear of it, unless they know: one of them goes on."""
        guest = self._proven(session.replaces)
        if guest is None or not guest.is_in:
            self._herald.joined(session)
        elif guest.id != session.id:
            self._herald.joined(session)
            self._herald.ended(guest, "end-of-life")
        if guest is not None:
            del self._absent[guest.id]

    def had(self, session: Session) -> None:
        """A session has gone to the next process, having had this much here."""
        account = session.account
        self.traffic[session.id] = (account.received_bytes, account.sent_bytes)

    def _proven(self, replaces: tuple[str, str] | None) -> Guest | None:
        """Whose id and resume key these are."""
        guest = self._absent.get(replaces[0]) if replaces else None
        if guest is None or replaces is None or not self._keys.matches(self._room, *replaces):
            return None
        return guest

    def give_up(self) -> None:
        """Whoever has not come does not any more."""
        absent, self._absent = self._absent, {}
        for guest in absent.values():
            if guest.is_in:
                self._herald.ended(guest, "timeout" if guest.moves else "end-of-life")
        self._peering.expect_no_more(absent)


class _Owner:
    """A guest as the owner of their mailbox."""

    def __init__(self, guest: Guest, room: str, keys: ResumeKeys, patience: float) -> None:
        self.id = guest.id
        self.grant = guest.grant
        self.may_return_for = patience
        self._room = room
        self._keys = keys

    def matches(self, resume_key: str) -> bool:
        return self._keys.matches(self._room, self.id, resume_key)
