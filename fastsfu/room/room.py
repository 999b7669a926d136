"""A room: who is in, and what each of them publishes for the others.

An event costs as much as the room has participants at most; what changes within one turn of the
event loop is told as one event (`_flush`).
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from fastsfu.auth.tokens import Grant
from fastsfu.errors import JoinError, RequestError
from fastsfu.events import (
    ActiveSpeaker,
    Event,
    HiddenParticipants,
    Participant,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
)
from fastsfu.messages.exchange import AppMessage, Exchange, MessageCounts, OnAppMessage
from fastsfu.p2p.peering import Peering
from fastsfu.p2p.topology import Topology
from fastsfu.room.speaker import SpeakerChoice
from fastsfu.session.channels import OnChannel
from fastsfu.session.session import Session
from fastsfu.terms import Carried, P2pPolicy, TopologyProperty
from fastsfu.tracks import Publication
from fastsfu.transport.frames import SERVER

OnJoin = Callable[[Session], Awaitable[None] | None]
OnLeave = Callable[[Session, str], Awaitable[None] | None]
OnTopology = Callable[["Room", Carried], Awaitable[None] | None]

CLOSING = {"exp-room": "The room has ended.", "end-of-life": "The server stops."}
SPEAKER_INTERVAL = 0.2  # seconds between two choices of the active speaker, while somebody speaks


class Room:
    """Made by `sfu.rooms.create`, or by the first who joins with a token for it.

    Attributes: `name`, `max_participants`, `starts_at` and `ends_at` (seconds since 1970, or None),
    `topology`, `p2p_policy`, `back_to_p2p_after` (as in Config), `on_join` (called before a session
    is in; may raise JoinError to refuse it), `on_leave` (called after, with the reason),
    `on_topology` (called with what carries the call from now on: `peer`, `sfu`, or `none` while
    nobody is there to talk to). These hooks may be coroutine functions. `on_app_message` (called
    with the session and its AppMessage before that is given on; may replace its `data` and `to`, or
    raise RequestError to refuse it) and `on_channel` (called with the session and a Channel that
    its client opens; may raise RequestError) are plain functions, since what follows has to wait.
    """

    def __init__(
        self,
        name: str,
        *,
        max_participants: int,
        starts_at: float | None = None,
        ends_at: float | None = None,
        topology: TopologyProperty = "auto",
        p2p_policy: P2pPolicy = "direct",
        back_to_p2p_after: float | None = None,
        on_join: OnJoin | None = None,
        on_leave: OnLeave | None = None,
        on_topology: OnTopology | None = None,
        on_app_message: OnAppMessage | None = None,
        on_channel: OnChannel | None = None,
        max_app_message_bytes: int = 4096,
        message_counts: MessageCounts,
        on_left: Callable[["Room", Session, str], None],
        on_carrier: Callable[["Room", Carried], None],
        on_given_up: Callable[["Room"], None],
    ) -> None:
        """`on_left` is called, with the reason, when a session is out; `on_carrier` when something
        else carries the call; `on_given_up` when a client that was lost has not come back in time.

        A room of topology `p2p` takes two participants at most. Raises RequestError when its policy
        is `off`.
        """
        if topology == "p2p" and p2p_policy == "off":
            raise RequestError("A room of topology p2p cannot have the p2p_policy off.")
        self.name = name
        self.max_participants = min(max_participants, 2) if topology == "p2p" else max_participants
        self.starts_at = starts_at
        self.ends_at = ends_at
        self.topology = topology
        self.p2p_policy = p2p_policy
        self.back_to_p2p_after = back_to_p2p_after
        self.on_join = on_join
        self.on_leave = on_leave
        self.on_topology = on_topology
        self.on_app_message = on_app_message
        self.on_channel = on_channel
        self.exchange = Exchange(max_app_message_bytes, message_counts, lambda: on_given_up(self))
        self._on_left = on_left
        self._arriving = 0  # sessions that on_join has not let in yet
        self._sessions: dict[str, Session] = {}
        self._publications: dict[str, dict[Publication, None]] = {}  # by session id
        self.peering = Peering(
            Topology(topology, p2p_policy, back_to_p2p_after),
            self.sessions,
            lambda carrier: on_carrier(self, carrier),
        )
        # Whose ParticipantUpdated is due, and whether what they say of themselves is new.
        self._changed: dict[Session, bool] = {}
        self._hidden_told = 0  # how many hidden sessions everybody has been told of
        self._asking: dict[Session, None] = {}  # whose SectionsWanted is due
        self._flushing: asyncio.Handle | None = None
        self._speaker = SpeakerChoice()
        self._speaker_timer: asyncio.TimerHandle | None = None
        self._closed: str | None = None  # the reason
        self._end_timer: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"Room({self.name!r}, sessions={len(self._sessions)})"

    @property
    def sessions(self) -> Mapping[str, Session]:
        """The live sessions by id, in order of joining; hidden ones too."""
        return MappingProxyType(self._sessions)

    @property
    def participants(self) -> list[Participant]:
        """Who is in, in order of joining, without hidden sessions."""
        return [each.participant for each in self._sessions.values() if not each.hidden]

    @property
    def hidden_count(self) -> int:
        """How many watch hidden."""
        return sum(each.hidden for each in self._sessions.values())

    @property
    def active_speaker(self) -> str | None:
        """The session id of who speaks now."""
        return self._speaker.current

    @property
    def empty(self) -> bool:
        """Nobody is in, on the way in, or expected back."""
        return not self._sessions and not self._arriving and not self.exchange.expects

    def eject(self, session_id: str, reason: str = "ejected") -> None:
        """End somebody's session; raises KeyError when there is none of this id in the room."""
        self._sessions[session_id].leave(reason, "You were asked to leave the room.")

    def send_app_message(self, data: Any, to: Literal["*"] | Sequence[str] = "*") -> None:
        """Say something to everybody in the room, or to these session ids; `fromId` is "server".

        Raises RequestError: `too-large`, or for what is no JSON.
        """
        self.exchange.say(AppMessage(data, to, SERVER))

    def open(self) -> None:
        """Begin to watch the clock; called in the event loop."""
        if self.ends_at is not None and self._end_timer is None:
            loop = asyncio.get_running_loop()
            self._end_timer = loop.call_at(
                loop.time() + self.ends_at - time.time(), self.close, "exp-room"
            )

    async def admit(self, session: Session) -> None:
        """Let a new session in; raises JoinError, also the one that the hook raised."""
        self._arriving += 1
        try:
            self._end_previous(session)
            self._check()
            result = None if self.on_join is None else self.on_join(session)
            if inspect.isawaitable(result):
                await result
            self._check()  # others may have come while the hook was awaited
        finally:
            self._arriving -= 1
        if session.ended is not None:
            raise JoinError("not-allowed", f"The session has ended: {session.ended}.")
        if self.topology == "p2p" and not session.p2p:
            raise JoinError("not-allowed", "This room is for clients that connect directly.")
        self._sessions[session.id] = session
        if session.mailbox is not None:
            if session.replaces is not None:  # not before: who is refused may try again
                session.mailbox = self.exchange.claim(*session.replaces) or session.mailbox
            self.exchange.enter(session.mailbox, session)
        for publication in self.publications_for(session, self._publications):
            session.subscriber.add(publication)
        if session.hidden:
            self._hidden_changed()
        else:
            self._broadcast(ParticipantJoined(session.participant), but=session)
            self.peering.came(session)

    def granted(self, session_id: str, resume_key: str) -> Grant | None:
        """What the session is allowed that a client lost, while it may come back to it."""
        session = self._sessions.get(session_id)
        if session is None:
            return self.exchange.granted(session_id, resume_key)
        return session.grant if session.matches(resume_key) else None

    def close(self, reason: str) -> None:
        """End all sessions for `reason` and let nobody in any more. Idempotent.

        They are not told of each other's end, which would cost the square of their number.
        """
        self._closed = self._closed or reason
        self.peering.close()
        self.exchange.close()
        for timer in (self._end_timer, self._flushing, self._speaker_timer):
            if timer is not None:
                timer.cancel()
        ended = list(self._sessions.values())
        self._sessions.clear()
        for session in ended:
            session.leave(reason, CLOSING.get(reason, "The room was closed."))
            self._on_left(self, session, reason)

    # What its sessions call.

    def others_than(self, session: Session) -> list[Participant]:
        return [
            each.participant
            for each in self._sessions.values()
            if each is not session and not each.hidden
        ]

    def publications_for(self, session: Session, ids: Iterable[str]) -> list[Publication]:
        """All publications of the sessions with these ids that `session` may receive."""
        if not session.may_subscribe:
            return []
        return [
            publication
            for each in ids
            if each != session.id
            for publication in self._publications.get(each, ())
        ]

    def published(self, publication: Publication) -> None:
        self._publications.setdefault(publication.session_id, {})[publication] = None
        for each in self._sessions.values():
            receives = each.id != publication.session_id and each.may_subscribe
            if receives and each.subscriber.add(publication):
                self.asks(each)

    def unpublished(self, publication: Publication) -> None:
        publications = self._publications[publication.session_id]
        del publications[publication]
        if not publications:
            del self._publications[publication.session_id]
        for each in self._sessions.values():
            each.subscriber.remove(publication)

    def heard(self, session_id: str, level: int) -> None:
        self._speaker.heard(session_id, level)
        if self._speaker_timer is None and not self._speaker.idle:
            self._choose_speaker()

    def changed(self, session: Session, *, metadata: bool = False) -> None:
        if session.id in self._sessions and not session.hidden:
            self._changed[session] = metadata or self._changed.get(session, False)
            self._flush_soon()

    def asks(self, session: Session) -> None:
        if session.id in self._sessions:
            self._asking[session] = None
            self._flush_soon()

    def left(self, session: Session, reason: str) -> None:
        if self._sessions.pop(session.id, None) is None:
            return  # it was never let in, or the room closes
        if session.mailbox is not None:
            self.exchange.leave(session.mailbox, session)
        self._changed.pop(session, None)
        self._asking.pop(session, None)
        if session.hidden:
            self._hidden_changed()
        else:
            for each in self._sessions.values():
                each.subscriber.forget(session.id)
            self._broadcast(ParticipantLeft(session.id, reason))
        if self._speaker.current == session.id:
            self._broadcast(ActiveSpeaker(None))
        self._speaker.forget(session.id)
        if not session.hidden:
            self.peering.went(session)
        self._on_left(self, session, reason)

    def _end_previous(self, session: Session) -> None:
        """The client lost another session and says so: that one's seat is free for it."""
        if session.replaces is None:
            return
        session_id, resume_key = session.replaces
        previous = self._sessions.get(session_id)
        if previous is not None and previous.matches(resume_key):
            previous.leave("connection-error", "The client has joined anew.")

    def _check(self) -> None:
        """Raise JoinError unless one more may come in now."""
        now = time.time()
        if self._closed == "end-of-life":
            raise JoinError("end-of-life", "The server stops.")
        if self._closed is not None or (self.ends_at is not None and now >= self.ends_at):
            raise JoinError("exp-room", "The room has ended.")
        if self.starts_at is not None and now < self.starts_at:
            raise JoinError("nbf-room", "The room has not started yet.")
        if len(self._sessions) >= self.max_participants:
            raise JoinError("meeting-full", f"The room takes {self.max_participants} participants.")

    def _broadcast(self, event: Event, but: Session | None = None) -> None:
        for session in self._sessions.values():
            if session is not but:
                session.tell(event)

    def _hidden_changed(self) -> None:
        self.peering.watched(self.hidden_count > 0)
        self._flush_soon()

    def _flush_soon(self) -> None:
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """Tell what changed in this turn of the loop: several publications, one offer."""
        self._flushing = None
        changed, self._changed = self._changed, {}
        asking, self._asking = self._asking, {}
        for session, metadata in changed.items():
            participant = session.participant
            self._broadcast(ParticipantUpdated(participant))
            if metadata:
                self.exchange.describe(participant)
        if self._hidden_told != self.hidden_count:
            self._hidden_told = self.hidden_count
            self._broadcast(HiddenParticipants(self._hidden_told))
        for session in asking:
            session.ask()

    def _choose_speaker(self) -> None:
        self._speaker_timer = None
        loop = asyncio.get_running_loop()
        if self._speaker.decide(loop.time()):
            self._broadcast(ActiveSpeaker(self._speaker.current))
        if not self._speaker.idle:
            self._speaker_timer = loop.call_at(loop.time() + SPEAKER_INTERVAL, self._choose_speaker)
