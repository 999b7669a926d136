"""A room's topology put to work: its clock, what each session is told, and the relay between two.

What two clients that connect directly have to say to each other (descriptions, candidates) goes
through here, between exactly these two and only while the server wants that connection. The server
does not read it, and no key of theirs is in it: DTLS agrees on them between the browsers.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from fastsfu.errors import RequestError
from fastsfu.events import Event, PeerConnection, PeerSignal, TopologyChanged
from fastsfu.p2p.topology import PeerState, Plan, Topology, Wish
from fastsfu.terms import Carried, Carrier, P2pPolicy, TopologyProperty

# Of one session for one connection: an offer, its answer and some restarts, candidates in plenty.
SIGNALS_AT_MOST = 400


class Member(Protocol):
    """What it needs of a session."""

    id: str

    @property
    def p2p(self) -> bool: ...
    def tell(self, event: Event) -> None: ...


class Peering:
    """One room's. All methods belong to the event loop's thread."""

    def __init__(
        self,
        topology: Topology,
        members: Mapping[str, Member],
        on_carrier: Callable[[Carried], None],
    ) -> None:
        """`members` by session id are those in the room, whoever comes or goes.

        `on_carrier` is called when what carries the call has changed.
        """
        self._topology = topology
        self._members = members
        self._on_carrier = on_carrier
        self._plan = topology.plan
        self._relayed: Counter[str] = Counter()  # signals by session, for the connection there is
        self._missed: set[str] = set()  # who is expected, and would have got signals
        self._timer: asyncio.TimerHandle | None = None
        self._ticks_at: float | None = None  # handles of uvloop do not always know

    @property
    def carrier(self) -> Carried:
        """What carries the call now."""
        return self._plan.carrier

    def connects(self, member: Member) -> bool:
        """Whether a P2P connection carries their media, alone or as long as a change takes."""
        connection = self._plan.connection
        return connection is not None and member.id in connection and "peer" in self._plan.sending

    def expect(self, able: Mapping[str, bool], carrier: Carried) -> None:
        """These, by session id (able to connect directly?), are about to come from another process,
        where this carried their call.
        """
        self._topology.expect(able, carrier)
        self._plan = self._topology.plan

    def expect_no_more(self, session_ids: Iterable[str]) -> None:
        """Whoever of these has not come does not."""
        for session_id in session_ids:
            if session_id not in self._members:
                self._topology.leave(session_id, self._now())
        self._follow()

    def came(self, member: Member) -> None:
        self._topology.join(member.id, p2p=member.p2p, now=self._now())
        if member.id in self._missed:  # what the other one has said of their connection
            self._topology.resumed(member.id, self._now())
        self._missed.clear()
        self._follow(unheard=member)

    def able(self, member: Member) -> None:
        """Whether they may connect directly may have changed."""
        if member.id in self._members:
            self._topology.able(member.id, p2p=member.p2p, now=self._now())
            self._follow()

    def went(self, member: Member) -> None:
        self._topology.leave(member.id, self._now())
        self._follow()

    def watched(self, watched: bool) -> None:
        """Whether somebody hidden, who is no member, waits for media by the SFU."""
        self._topology.watch(watched, self._now())
        self._follow()

    def update(self, wanted: TopologyProperty, policy: P2pPolicy, back_after: float | None) -> None:
        """The room's properties are others now; `back_after` in seconds."""
        self._topology.update(wanted, policy, back_after, self._now())
        self._follow()

    def resumed(self, member: Member) -> None:
        """Their signaling is back; they read the scene anew, and so need no telling."""
        self._topology.resumed(member.id, self._now())
        self._follow(unheard=member)

    def wish(self, wish: Wish) -> None:
        """An owner asks for a topology; raises RequestError where the room's is fixed."""
        if self._topology.wanted != "auto":
            raise RequestError(f"The room's topology is fixed: {self._topology.wanted}.")
        if wish == "peer" and self._topology.policy == "off":
            raise RequestError("The room's p2p_policy is off.")
        self._topology.wish(wish, self._now())
        self._follow()

    def report(self, member: Member, number: int, state: PeerState) -> None:
        """How a member finds the connection of this number."""
        self._topology.report(member.id, number, state, self._now())
        self._follow()

    def carried(self, member: Member, number: int, carrier: Carrier) -> None:
        """A member gets everything by `carrier` now."""
        self._topology.carried(member.id, number, carrier, self._now())
        self._follow()

    def relay(self, member: Member, signal: PeerSignal) -> None:
        """Hand a signal to the other of the two; one for a connection of the past is dropped.

        Raises RequestError when a session says more than any connection needs.
        """
        connection = self._plan.connection
        if connection is None or connection.number != signal.connection:
            return
        if member.id not in connection:
            return
        self._relayed[member.id] += 1
        if self._relayed[member.id] > SIGNALS_AT_MOST:
            info = f"More than {SIGNALS_AT_MOST} messages for one P2P connection."
            raise RequestError(info, "rate-limit")
        other_id = _other(connection.impolite, connection.polite, member.id)
        other = self._members.get(other_id)
        if other is not None:
            other.tell(signal)
        else:
            self._missed.add(other_id)

    def view(self, session_id: str) -> TopologyChanged:
        """The plan as it is for one session; who has no part in a connection sends to the SFU."""
        return _view(self._plan, session_id)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _follow(self, unheard: Member | None = None) -> None:
        """Tell what has changed, except to `unheard`, and set the clock."""
        before, self._plan = self._plan, self._topology.plan
        self._set_clock()
        if self._plan == before:
            return
        if self._plan.connection != before.connection:
            self._relayed.clear()
        for session_id, member in list(self._members.items()):
            view = _view(self._plan, session_id)
            if member is not unheard and view != _view(before, session_id):
                member.tell(view)
        if self._plan.carrier != before.carrier:
            self._on_carrier(self._plan.carrier)

    def _set_clock(self) -> None:
        deadline = self._topology.deadline
        if deadline == self._ticks_at:
            return
        self.close()
        self._timer, self._ticks_at = None, deadline
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._timer = self._ticks_at = None
        self._topology.tick(max(self._now(), self._topology.deadline or 0.0))
        self._follow()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _view(plan: Plan, session_id: str) -> TopologyChanged:
    connection = plan.connection
    if connection is None or session_id not in connection:
        if plan.carrier == "none":
            return TopologyChanged("none", (), None)
        return TopologyChanged("sfu", ("sfu",), None)
    return TopologyChanged(
        plan.carrier,
        plan.sending,
        PeerConnection(
            number=connection.number,
            session_id=_other(connection.impolite, connection.polite, session_id),
            polite=session_id == connection.polite,
            relayed=connection.relayed,
        ),
    )


def _other(one: str, other: str, session_id: str) -> str:
    return other if session_id == one else one
