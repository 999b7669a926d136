"""P2P or SFU, for one room: when to start, to switch, to go back. Pure: the caller gives the time.

From who is in, what they are able to and what they report comes a `Plan`: what carries the call,
and over what to send. Every change between two carriers overlaps: what is new is sent first, and
the old one ends when both say that they receive all by the new one (make before break). A call of
two begins P2P, so that no media of it ever reaches the server; one that has gone to the SFU stays
there until one participant is left, or for `back_after` seconds with two (hysteresis).
Somebody hidden never moves a call of two: only one who is alone is sent to them by the SFU.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from fastsfu.terms import Carried, Carrier, P2pPolicy, TopologyProperty

PeerState = Literal["connected", "interrupted", "failed"]
Wish = Literal["auto", "sfu", "peer"]

# Seconds
CONNECT = 6.0  # for a P2P connection to come about
REPAIR = 5.0  # for an interrupted one to come back
OVERLAP = 6.0  # for what is new to arrive, while the old one still carries
RETRY = 3.0  # between two attempts where nothing but P2P is allowed; grows with each

ATTEMPTS_AT_MOST = 6  # by how many the waits grow


@dataclass(frozen=True, slots=True)
class PeerConnection:
    """One RTCPeerConnection between two sessions; never used again once it has ended."""

    number: int
    impolite: str  # the session that makes the first offer, and wins when both offer at once
    polite: str
    relayed: bool = False  # made by TURN only

    def __contains__(self, session_id: object) -> bool:
        return session_id in (self.impolite, self.polite)


@dataclass(frozen=True, slots=True)
class Plan:
    """What should be, until the next one.

    `carrier` is what the call goes over (`none`: nobody is there to talk to), `sending` over what
    media is sent (both during a change), `connection` what there should be between two sessions.
    """

    carrier: Carried
    sending: tuple[Carrier, ...] = ()
    connection: PeerConnection | None = None


class Phase(Enum):
    """Where the call stands."""

    ALONE = "alone"
    WATCHED = "watched"  # one alone, whom somebody hidden watches
    CONNECTING = "connecting"  # two have come
    PEER = "peer"
    TO_SFU = "to sfu"  # the SFU takes over
    SFU = "sfu"
    TRYING = "trying"  # a P2P connection is being made, to go back
    TO_PEER = "to peer"  # and takes over


# What carries the call, and over what is sent.
CARRIERS: dict[Phase, tuple[Carried, tuple[Carrier, ...]]] = {
    Phase.ALONE: ("none", ()),
    Phase.WATCHED: ("sfu", ("sfu",)),
    Phase.CONNECTING: ("peer", ("peer",)),
    Phase.PEER: ("peer", ("peer",)),
    Phase.TO_SFU: ("sfu", ("sfu", "peer")),
    Phase.SFU: ("sfu", ("sfu",)),
    Phase.TRYING: ("sfu", ("sfu",)),
    Phase.TO_PEER: ("peer", ("peer", "sfu")),
}


@dataclass
class Topology:
    """The decision for one room; `plan` after each call, `tick` not before `deadline`.

    `back_after`: seconds with two after which a call goes back to P2P; None: never.
    """

    wanted: TopologyProperty = "auto"
    policy: P2pPolicy = "direct"
    back_after: float | None = None
    deadline: float | None = None
    _wish: Wish = "auto"  # of an owner
    _phase: Phase = Phase.ALONE
    _members: dict[str, bool] = field(default_factory=dict)  # by session id: able to do P2P
    _expected: set[str] = field(default_factory=set)  # members who have not come yet
    _watched: bool = False
    _connection: PeerConnection | None = None
    _numbers: int = 0
    _connected: set[str] = field(default_factory=set)
    _received: set[str] = field(default_factory=set)  # who gets all by the new carrier
    _failures: int = 0  # in a row

    @property
    def plan(self) -> Plan:
        carrier, sending = CARRIERS[self._phase]
        return Plan(carrier, sending, self._connection)

    def expect(self, able: Mapping[str, bool], carrier: Carried) -> None:
        """These members of a call that this carries are about to join."""
        self._members.update(able)
        self._expected.update(able)
        if carrier == "sfu":
            self._enter(Phase.SFU)

    def join(self, session_id: str, *, p2p: bool, now: float) -> None:
        """Somebody is in; `p2p`: able and allowed to connect to another client directly."""
        self._members[session_id] = p2p
        self._expected.discard(session_id)
        if not (self._expected and self._phase is Phase.SFU):  # it stays there until all have come
            self._settle(now)

    def able(self, session_id: str, *, p2p: bool, now: float) -> None:
        """What `join` said of them is different now. Who may not connect directly any more is not
        waited for, as in other changes: they may be the last to end what carries the call.
        """
        if self._members.get(session_id, p2p) == p2p:
            return
        self._members[session_id] = p2p
        if not p2p and self.wanted != "p2p" and self._connection is not None:
            self._enter(Phase.SFU)
        self._settle(now)

    def leave(self, session_id: str, now: float) -> None:
        """They have left."""
        self._members.pop(session_id, None)
        self._expected.discard(session_id)
        if self._connection is not None and session_id in self._connection:
            self._enter(Phase.SFU if self.plan.carrier == "sfu" else Phase.ALONE)
        if len(self._members) < 2:
            self._failures = 0
        self._settle(now)

    def watch(self, watched: bool, now: float) -> None:
        """Whether somebody hidden is there."""
        self._watched = watched
        self._settle(now)

    def wish(self, wish: Wish, now: float) -> None:
        """An owner wants this; `peer` goes back to P2P as soon as two are left."""
        self._wish = wish
        if self._phase is Phase.SFU:
            self.deadline = None
        self._settle(now)

    def update(
        self,
        wanted: TopologyProperty,
        policy: P2pPolicy,
        back_after: float | None,
        now: float,
    ) -> None:
        """The room's properties are others now.

        A connection that another policy made is made anew; one that carries the call is left by way
        of the SFU, where the room may use it.
        """
        is_other = policy != self.policy
        self.wanted, self.policy, self.back_after = wanted, policy, back_after
        if wanted != "auto":
            self._wish = "auto"  # of a time when there was a choice
        if self._phase is Phase.SFU:
            self.deadline = None
        if is_other and self._connection is not None and self._allows_p2p:
            self._connect_anew(now)
        self._settle(now)

    def resumed(self, session_id: str, now: float) -> None:
        """Their signaling was lost and is back: a connection that was being made begins anew."""
        connecting = self._phase in (Phase.CONNECTING, Phase.TRYING)
        if connecting and self._connection is not None and session_id in self._connection:
            self._connect(self._phase, now)

    def report(self, session_id: str, number: int, state: PeerState, now: float) -> None:
        """How the connection of this number is, as one of its two sessions sees it."""
        if not self._concerns(session_id, number):
            return
        if state == "connected":
            self._connected.add(session_id)
            if len(self._connected) == 2:
                self._all_connected(now)
            return
        self._connected.discard(session_id)
        if state == "failed":
            self._failed(now)
        elif self._phase is Phase.PEER:
            self.deadline = now + REPAIR

    def carried(self, session_id: str, number: int, carrier: Carrier, now: float) -> None:
        """One of the two gets all media by `carrier` now, besides this connection or over it."""
        if self._concerns(session_id, number) and carrier == self.plan.carrier:
            self._received.add(session_id)
            if len(self._received) == 2 and self._phase is Phase.TO_SFU:
                self._enter(Phase.SFU)
                self._settle(now)
            elif len(self._received) == 2 and self._phase is Phase.TO_PEER:
                self._failures = 0
                self._enter(Phase.PEER)

    def tick(self, now: float) -> None:
        """Do what is due; before `deadline` nothing is."""
        if self.deadline is None or now < self.deadline:
            return
        self.deadline = None
        if self._phase is Phase.ALONE:
            self._settle(now)
        elif self._phase is Phase.SFU:
            self._connect(Phase.TRYING, now)
        elif self._phase is Phase.TO_SFU:
            self._enter(Phase.SFU)
            self._settle(now)
        else:
            self._failed(now)

    @property
    def _allows_p2p(self) -> bool:
        return (
            self.wanted != "sfu"
            and self.policy != "off"
            and self._wish != "sfu"
            and len(self._members) <= 2
            and all(self._members.values())
        )

    def _concerns(self, session_id: str, number: int) -> bool:
        """Whether it is about the connection there is; reports of older ones come late."""
        connection = self._connection
        return connection is not None and number == connection.number and session_id in connection

    def _settle(self, now: float) -> None:
        """Bring the phase to what the members allow."""
        if not self._allows_p2p:
            self._leave_p2p(now)
        elif len(self._members) < 2:
            self._enter(Phase.WATCHED if self._watched and self._members else Phase.ALONE)
        elif self._phase in (Phase.ALONE, Phase.WATCHED) and self.deadline is None:
            self._connect(Phase.CONNECTING, now)
        elif self._phase is Phase.SFU and self.deadline is None:
            self._go_back_later(now)

    def _go_back_later(self, now: float) -> None:
        if self._wish == "peer" or self.wanted == "p2p":
            self.deadline = now + RETRY * self._failures
        elif self.back_after is not None:
            self.deadline = now + self.back_after * 2**self._failures

    def _leave_p2p(self, now: float) -> None:
        if self._phase in (Phase.PEER, Phase.TO_PEER):
            self._overlap(Phase.TO_SFU, now)
        elif self._phase is not Phase.TO_SFU:
            self._enter(Phase.SFU)

    def _all_connected(self, now: float) -> None:
        if self._phase is Phase.TRYING:
            self._overlap(Phase.TO_PEER, now)
        elif self._phase in (Phase.CONNECTING, Phase.PEER):
            self._phase, self.deadline, self._failures = Phase.PEER, None, 0

    def _failed(self, now: float) -> None:
        """The P2P connection came to nothing, or is beyond repair."""
        self._failures = min(self._failures + 1, ATTEMPTS_AT_MOST)
        if self.wanted == "p2p":
            self._enter(Phase.ALONE)
            self.deadline = now + RETRY * self._failures
        else:
            self._enter(Phase.SFU)
            self._settle(now)

    def _connect(self, phase: Phase, now: float) -> None:
        """The two members are to connect; whoever came first makes the offer."""
        impolite, polite = self._members
        self._enter(phase)
        self._numbers += 1
        self._connection = PeerConnection(
            self._numbers, impolite, polite, relayed=self.policy == "relay"
        )
        self.deadline = now + CONNECT

    def _connect_anew(self, now: float) -> None:
        if self._phase in (Phase.PEER, Phase.TO_PEER) and self.wanted != "p2p":
            self._overlap(Phase.TO_SFU, now)
        elif self._phase is Phase.TRYING:
            self._connect(Phase.TRYING, now)
        elif self._phase is not Phase.TO_SFU:
            self._connect(Phase.CONNECTING, now)

    def _overlap(self, phase: Phase, now: float) -> None:
        self._phase, self.deadline = phase, now + OVERLAP
        self._received.clear()

    def _enter(self, phase: Phase) -> None:
        """Into a phase without a clock; the connection stays only where it carries alone."""
        self._phase, self.deadline = phase, None
        self._received.clear()
        if phase is not Phase.PEER:
            self._connection = None
            self._connected.clear()
