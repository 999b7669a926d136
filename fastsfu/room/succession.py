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
from fastsfu.messages.exchange import Exchange
from fastsfu.messages.mailbox import Mail
from fastsfu.p2p.peering import Peering
from fastsfu.session.arrival import Arrival
from fastsfu.session.session import Session
from fastsfu.terms import Carried


class State(BaseModel):
    """Passed on from one process to the next, which may be of another version."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Guest(State):
    """A session of the process before."""

    id: str
    origin: str
    grant: Grant
    joined_at: float  # seconds since 1970
    moves: bool
    p2p: bool
    hidden: bool


class RoomState(State):
    """A room of the process before."""

    name: str
    options: dict[str, Any]
    is_kept: bool  # also with nobody in it
    carrier: Carried
    standing: dict[str, Permissions]
    names: dict[str, str] = {}
    guests: list[Guest]


class RoomMail(State):
    """What waits for the clients of a room."""

    name: str
    boxes: list[Mail]


def guests_of(sessions: Iterable[Session], absent: Iterable[object]) -> list[Guest]:
    """The sessions as the next process is told of them; `absent` ones may come back to it."""
    lost = [each for each in absent if isinstance(each, Session)]
    return [*map(_guest, sessions), *(_guest(each, moves=False) for each in lost)]


def _guest(session: Session, *, moves: bool | None = None) -> Guest:
    return Guest(
        id=session.id,
        origin=session.origin,
        grant=session.grant,
        joined_at=session.joined_at,
        moves=session.moves if moves is None else moves,
        p2p=session.p2p,
        hidden=session.hidden,
    )


class Succession:
    """Of one room: the guests of the process before who have not come yet."""

    def __init__(self, room: str, keys: ResumeKeys, exchange: Exchange, peering: Peering) -> None:
        self._room = room
        self._keys = keys
        self._exchange = exchange
        self._peering = peering
        self._absent: dict[str, Guest] = {}

    def expect(self, guests: Iterable[Guest], carrier: Carried, patience: float) -> None:
        """They are on their way; `patience` in seconds."""
        self._absent = {each.id: each for each in guests}
        for guest in self._absent.values():
            self._exchange.expect(_Owner(guest, self._room, self._keys, patience), guest.origin)
        moving = {each.id: each.p2p for each in self._absent.values() if each.moves}
        visible = {each: p2p for each, p2p in moving.items() if not self._absent[each].hidden}
        self._peering.expect(visible, carrier)
        asyncio.get_running_loop().call_later(patience, self._give_up)

    def as_before(self, arrival: Arrival) -> Arrival:
        """The same, or who proves to be one of them, with the id that they had."""
        guest = self._proven(arrival.replaces)
        if guest is None or not guest.moves:
            return arrival
        return replace(arrival, session_id=guest.id, joined_at=guest.joined_at)

    def seats_besides(self, replaces: tuple[str, str] | None) -> int:
        """How many are kept for those who have not come, other than who proves to be one."""
        return len(self._absent) - (self._proven(replaces) is not None)

    def came(self, replaces: tuple[str, str] | None) -> None:
        """Somebody is in, who may be one of them."""
        if guest := self._proven(replaces):
            del self._absent[guest.id]

    def _proven(self, replaces: tuple[str, str] | None) -> Guest | None:
        """Whose id and resume key these are."""
        guest = self._absent.get(replaces[0]) if replaces else None
        if guest is None or replaces is None or not self._keys.matches(self._room, *replaces):
            return None
        return guest

    def _give_up(self) -> None:
        absent, self._absent = self._absent, {}
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
