"""A room's waiting room: who asks to be let in, until an owner, or the application, answers.

Whoever waits has no session yet and costs the media engines nothing.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal, Protocol

from fastsfu.errors import JoinError, RequestError
from fastsfu.events import WaitingParticipant
from fastsfu.names import shown
from fastsfu.room.notices import Outcome
from fastsfu.session.arrival import Arrival

MOST_WAITING = 200  # of one room

NOT_LET_IN = JoinError("not-allowed", "The hosts of the room did not let you in.")


class Waiting:
    """Somebody who waits. Attributes: `id`, `asked` (to be let in; the hosts know it then)."""

    def __init__(self, lobby: "Lobby", arrival: Arrival) -> None:
        self.id = str(uuid.uuid4())
        self.asked = False
        self._lobby = lobby
        self._arrival = arrival
        self._since = time.time()
        self._answer: asyncio.Future[Arrival] = asyncio.get_running_loop().create_future()

    @property
    def participant(self) -> WaitingParticipant:
        """As hosts see it."""
        arrival = self._arrival
        name = shown(arrival.grant.name or arrival.name)
        return WaitingParticipant(self.id, name, arrival.grant.user_id, self._since)

    def request_access(self, name: str | None = None) -> None:
        """Ask the hosts, under another name if one is given here and none by the token."""
        if name is not None:
            self._arrival = replace(self._arrival, name=name)
        is_new, self.asked = not self.asked, True
        self._lobby.asks(self, is_new)

    async def answered(self) -> Arrival:
        """Wait for the answer; what it returns is let in by `SFU.admit`. Raises JoinError."""
        try:
            return await asyncio.shield(self._answer)
        finally:
            self.leave()

    def leave(self) -> None:
        """Wait no longer. Idempotent."""
        self._lobby.leave(self)

    # What its lobby calls.

    def let_in(self) -> None:
        if not self._answer.done():
            self._answer.set_result(replace(self._arrival, invited=True))

    def refuse(self, why: JoinError) -> None:
        if not self._answer.done():
            self._answer.set_exception(why)
            self._answer.exception()  # read: who waited may have gone


class Witness(Protocol):
    """Who is told of those who ask to be let in."""

    def knocked(self, who: WaitingParticipant) -> None: ...

    def knock_ended(self, who: WaitingParticipant, outcome: Outcome) -> None: ...


class Lobby:
    """One room's."""

    def __init__(self, on_change: Callable[[], None], witness: Witness) -> None:
        """`on_change` is called when others than before wait to be let in."""
        self._on_change = on_change
        self._witness = witness
        self._waiting: dict[str, Waiting] = {}

    @property
    def empty(self) -> bool:
        return not self._waiting

    @property
    def waiting(self) -> Mapping[str, Waiting]:
        """Who has asked to be let in, by id, in the order in which they came."""
        return MappingProxyType({key: each for key, each in self._waiting.items() if each.asked})

    @property
    def participants(self) -> tuple[WaitingParticipant, ...]:
        """The same, as hosts see them."""
        return tuple(each.participant for each in self.waiting.values())

    def enter(self, arrival: Arrival) -> Waiting:
        """A place to wait in; raises JoinError when there is none left."""
        if len(self._waiting) >= MOST_WAITING:
            raise JoinError("meeting-full", f"{MOST_WAITING} wait already.")
        waiting = Waiting(self, arrival)
        self._waiting[waiting.id] = waiting
        return waiting

    def answer(self, waiting_id: str, granted: bool) -> None:
        """Let somebody in, or not; raises RequestError when there is nobody of this id."""
        waiting = self._waiting.get(waiting_id)
        if waiting is None or not waiting.asked:
            raise RequestError(f"Nobody waits as {waiting_id!r}.")
        self.leave(waiting, "granted" if granted else "denied")
        if granted:
            waiting.let_in()
        else:
            waiting.refuse(NOT_LET_IN)

    def leave(self, waiting: Waiting, outcome: Outcome = "left") -> None:
        """They wait no longer. Idempotent."""
        if self._waiting.pop(waiting.id, None) is not None and waiting.asked:
            self._on_change()
            self._witness.knock_ended(waiting.participant, outcome)

    def asks(self, waiting: Waiting, is_new: bool) -> None:
        """Somebody has asked, for the first time or by another name."""
        self._on_change()
        if is_new:
            self._witness.knocked(waiting.participant)

    def open(self) -> None:
        """Nobody has to wait any more."""
        for waiting in list(self._waiting.values()):
            self.leave(waiting, "granted")
            waiting.let_in()

    def close(self, error: Literal["exp-room", "end-of-life"]) -> None:
        """Nobody gets in any more."""
        why = JoinError(error, "The room has ended.")
        for waiting in list(self._waiting.values()):
            del self._waiting[waiting.id]
            if waiting.asked:
                self._witness.knock_ended(waiting.participant, "denied")
            waiting.refuse(why)
