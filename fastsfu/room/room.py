"""A room: who is in, and what each of them publishes for the others.

An event costs as much as the room has participants at most; what changes within one turn of the
event loop is told as one event (`News`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from fastsfu import hooks
from fastsfu.auth.tokens import Grant
from fastsfu.errors import JoinError
from fastsfu.events import (
    ActiveSpeaker,
    HiddenParticipants,
    Participant,
    RoomChanged,
)
from fastsfu.messages.exchange import AppMessage, Exchange
from fastsfu.p2p.peering import Peering
from fastsfu.p2p.topology import Topology
from fastsfu.room.entrance import Entrance
from fastsfu.room.gates import Gates
from fastsfu.room.herald import Herald
from fastsfu.room.keeper import Keeper
from fastsfu.room.lobby import Lobby
from fastsfu.room.moderation import Moderated
from fastsfu.room.news import News
from fastsfu.room.options import RoomOptions, RoomProperties
from fastsfu.room.requests import SectionRequests
from fastsfu.room.speaker import Speaker
from fastsfu.room.stage import Stage
from fastsfu.room.standing import Standing
from fastsfu.room.succession import Succession
from fastsfu.session.session import Session
from fastsfu.terms import Carried
from fastsfu.tracks import Publication
from fastsfu.transport.frames import SERVER

OnLeave = Callable[[Session, str], Awaitable[None] | None]
OnTopology = Callable[["Room", Carried], Awaitable[None] | None]

CLOSING = {"exp-room": "The room has ended.", "end-of-life": "The server stops."}


class Room(RoomProperties, Moderated):
    """Made by `sfu.rooms.create`, or by the first who joins with a token for it.

    Attributes: `name`, `options` (all of them, which `update` changes; each is an attribute, too),
    `created_at` (seconds since 1970), `on_join`, `on_app_message`, `on_channel` (its
    Gates, which may be exchanged at any time), `on_leave` (called when a session is out, with the
    reason), `on_topology` (called with what carries the call from now on: `peer`, `sfu`, or `none`
    while nobody is there to talk to). These two may be coroutine functions.
    """

    def __init__(
        self,
        name: str,
        options: RoomOptions,
        gates: Gates,
        keeper: "Keeper[Room]",
        *,
        on_leave: OnLeave | None = None,
        on_topology: OnTopology | None = None,
    ) -> None:
        self.name = name
        self.options = options
        self.created_at = time.time()
        self.on_join = gates.on_join
        self.on_app_message = gates.on_app_message
        self.on_channel = gates.on_channel
        self.on_leave = on_leave
        self.on_topology = on_topology
        self.resume_keys = keeper.resume_keys
        self.outcomes = keeper.outcomes
        self.exchange = Exchange(
            keeper.max_app_message_bytes,
            keeper.message_counts,
            lambda: keeper.given_up(self),
        )
        self._keeper = keeper
        self._bans = keeper.bans
        self.standing = Standing()
        self._herald = Herald(name, keeper.tell)
        self.lobby = Lobby(self._tell_waiting, self._herald)
        self._entrance = Entrance(options, lambda: self.close("exp-room"))
        self._arriving = 0  # sessions that on_join has not let in yet
        self._sessions: dict[str, Session] = {}
        self._stage = Stage(self._sessions, options.audio_forward)
        self.cameras = self._stage.cameras
        self.peering = Peering(
            Topology(options.topology, options.p2p_policy, options.back_to_p2p_after),
            self.sessions,
            self._carrier_changed,
        )
        self.succession = Succession(
            name, self.resume_keys, self.exchange, self.peering, self._herald
        )
        self.is_leaving = False  # another process has it
        self._news = News(self._sessions, self._note_changed, self._tell_hidden)
        self._hidden_told = 0  # how many hidden sessions everybody has been told of
        self._requests = SectionRequests(self._news.flush)
        self._speaker = Speaker(self._speaks)

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
        somebody = self._sessions or self._arriving or not self.lobby.empty
        return not somebody and not self.exchange.expects

    def update(self, options: RoomOptions) -> None:
        """Change what the room is, as far as `options` say something.

        Who is in stays in, unless it has ended. A call that its new options do not let go on as it
        does changes over. Raises RequestError, and then nothing changes: for options that
        contradict each other, a room that has ended, and one that is to be direct with others in it
        than two clients that are able to.
        """
        if self._entrance.watched:
            asyncio.get_running_loop()  # raises in another thread, before anything has changed
        wanted = self.possible(options)
        before, self.options = self.state, wanted
        self._entrance.update(wanted)
        if not wanted.enable_knocking and not wanted.locked:
            self.lobby.open()
        self._stage.voices.set_limit(wanted.audio_forward)
        self.peering.update(wanted.topology, wanted.p2p_policy, wanted.back_to_p2p_after)
        self._herald.updated(wanted)
        if self.state != before:
            self._news.broadcast(RoomChanged(self.state))

    def send_app_message(self, data: Any, to: Literal["*"] | Sequence[str] = "*") -> None:
        """Say something to everybody in the room, or to these session ids; `fromId` is "server".

        Raises RequestError: `too-large`, or for what is no JSON.
        """
        self.exchange.say(AppMessage(data, to, SERVER))

    def open(self) -> None:
        """Begin to watch the clock; called in the event loop."""
        if not self._entrance.watched:
            self._entrance.open()
            self._herald.opened(self.options)

    async def admit(self, session: Session) -> None:
        """Let a new session in; raises JoinError, also the one that the hook raised."""
        self._arriving += 1
        expected = session.invited or self._expects(session.grant, session.replaces)
        try:
            self._end_previous(session)
            self._entrance.check(self._taken(session), expected)
            if self.on_join is not None:
                await hooks.ask(self.on_join, session)
            # Meanwhile others may have come, and this one may have been asked to leave.
            self._entrance.check(self._taken(session), expected)
            self._bans.check(self.name, session.grant, session.origin)
        finally:
            self._arriving -= 1
        if session.ended is not None:
            raise JoinError("not-allowed", f"The session has ended: {session.ended}.")
        if self.options.topology == "p2p" and not session.p2p:
            raise JoinError("not-allowed", "This room is for clients that connect directly.")
        same_user = self._same_user(session)
        self._sessions[session.id] = session
        for same in same_user:
            same.leave("ejected", "You have joined somewhere else.")
        if session.mailbox is not None:
            if session.replaces is not None:  # not before: who is refused may try again
                origin = self.resume_keys.origin(self.name, *session.replaces)
                session.mailbox = self.exchange.recover(session.replaces, origin) or session.mailbox
            self.exchange.enter(session.mailbox, session)
        session.rights.permit(self.standing.of(session), self._stage.all_for(session))
        self.succession.came(session)
        if session.hidden:
            self._hidden_changed()
        else:
            self._news.came(session)
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
        was_open = self._entrance.watched
        self._entrance.close(reason)
        self.peering.close()
        self.exchange.close()
        self.lobby.close("end-of-life" if reason == "end-of-life" else "exp-room")
        self._requests.close()
        self._news.close()
        self._speaker.close()
        ended = list(self._sessions.values())
        self._sessions.clear()
        for session in ended:
            session.leave(reason, CLOSING.get(reason, "The room was closed."))
            if session.mailbox is not None:
                session.mailbox.shut()
            self._herald.left(session, reason)
            self._keeper.left(self, session, reason)
        if was_open:
            self._herald.closed(reason)

    # What its sessions call.

    def others_than(self, session: Session) -> list[Participant]:
        return [
            each.participant
            for each in self._sessions.values()
            if each is not session and not each.hidden
        ]

    def publications_for(self, session: Session, ids: Iterable[str]) -> list[Publication]:
        return self._stage.some_for(session, ids)

    def published(self, publication: Publication) -> None:
        self._herald.published(publication)
        self._ask(self._stage.add(publication))

    def unpublished(self, publication: Publication) -> None:
        self._ask(self._stage.remove(publication))
        self._herald.unpublished(publication)

    def heard(self, session_id: str, level: int) -> None:
        self._speaker.heard(session_id, level)

    def changed(self, session: Session, *, metadata: bool = False) -> None:
        if session.id in self._sessions and not session.hidden:
            self._news.changed(session, metadata=metadata)

    def asks(self, session: Session) -> None:
        if session.id in self._sessions:
            self._requests.add(session)

    def left(self, session: Session, reason: str) -> None:
        if self._sessions.pop(session.id, None) is None:
            return  # it was never let in, or the room closes
        if session.mailbox is not None:
            self.exchange.leave(session.mailbox, session)
        self._requests.forget(session)
        if self.is_leaving:  # the others go the same way, and are not told that it has gone
            self._news.forget(session)
            self._keeper.left(self, session, reason)
            return
        if session.hidden:
            self._hidden_changed()
        else:
            for each in self._sessions.values():
                each.subscriber.forget(session.id)
            self._news.gone(session, reason)
        self._speaker.forget(session.id)
        self._herald.left(session, reason)
        if not session.hidden:
            self.peering.went(session)
        self._keeper.left(self, session, reason)

    def _end_previous(self, session: Session) -> None:
        """The client lost another session and says so: that one's seat is free for it."""
        if session.replaces is None:
            return
        session_id, resume_key = session.replaces
        previous = self._sessions.get(session_id)
        if previous is not None and previous.matches(resume_key):
            previous.leave("connection-error", "The client has joined anew.")

    def _ask(self, sessions: Iterable[Session]) -> None:
        for session in sessions:
            self.asks(session)

    def _speaks(self, session_id: str | None) -> None:
        self._news.broadcast(ActiveSpeaker(session_id))
        if session_id is not None:
            self._ask(self._stage.spoke(session_id))

    def _hidden_changed(self) -> None:
        self.peering.watched(self.hidden_count > 0)
        self._news.hidden()

    def _note_changed(self, session: Session, participant: Participant, metadata: bool) -> None:
        if metadata:
            self.exchange.describe(participant)
        self._herald.changed(session)

    def _tell_hidden(self) -> None:
        if self._hidden_told != self.hidden_count:
            self._hidden_told = self.hidden_count
            self._news.broadcast(HiddenParticipants(self._hidden_told))

    def _carrier_changed(self, carrier: Carried) -> None:
        self._herald.carrier_changed(carrier)
        self._keeper.carrier_changed(self, carrier)
