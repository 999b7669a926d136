"""What hosts can do to those in a room. It holds whatever the clients do: the engine passes on no
packet more of what was muted or may not be published, and nobody comes back who was ejected.
"""

import asyncio
import time
from abc import abstractmethod
from collections.abc import Collection
from typing import Any

from fastsfu.auth.permissions import EVERYTHING, Permissions
from fastsfu.errors import RequestError
from fastsfu.events import Muted, SessionData, WaitingParticipants
from fastsfu.names import seen
from fastsfu.p2p.peering import Peering
from fastsfu.room.admission import Admission
from fastsfu.room.bans import Bans
from fastsfu.room.news import News
from fastsfu.room.options import RoomOptions
from fastsfu.room.stage import Stage
from fastsfu.room.standing import Standing
from fastsfu.session.session import Session
from fastsfu.terms import Publishable
from fastsfu.transport.frames import json_of

MAX_SESSION_DATA = 16 * 1024  # bytes


class Moderated(Admission):
    """A room's; the Room is one. Each verb raises KeyError when nobody in it is meant, RequestError
    for what cannot be done, and RuntimeError in another thread than the event loop's, and then
    nothing has changed.
    """

    session_data: Any = None
    """Data of the meeting as a whole: a JSON value that `set_session_data` sets."""

    name: str
    peering: Peering
    _bans: Bans
    standing: Standing
    _stage: Stage
    _news: News

    @abstractmethod
    def update(self, options: RoomOptions) -> None: ...

    @abstractmethod
    def changed(self, session: Session, *, metadata: bool = False) -> None: ...

    @abstractmethod
    def asks(self, session: Session) -> None: ...

    def eject(self, who: str, *, ban: bool | float = False, reason: str = "ejected") -> None:
        """End a session, by its id, or all those of a user, by the id in their tokens.

        Their tokens open the room no more, nor do their resume keys. With `ban` no token of these
        users does, for so many seconds or (True) until the room is deleted.
        """
        asyncio.get_running_loop()  # raises in another thread, before anything has changed
        if who in self._sessions:
            ejected = [self._sessions[who]]
        else:
            ejected = [each for each in self._sessions.values() if each.grant.user_id == who]
        if not ejected:
            raise KeyError(who)
        for session in ejected:
            self._bans.eject(self.name, session.grant, session.origin)
            if ban and session.grant.user_id is not None:
                until = None if ban is True else time.time() + ban
                self._bans.ban(self.name, session.grant.user_id, until)
            session.leave(reason, "You were asked to leave the room.")

    def mute(self, session_id: str, *, sources: Collection[Publishable] = EVERYTHING) -> None:
        """Turn sources of a session off: nothing of them is passed on any more.

        The client is told (`Muted`) and may unmute; to keep it from that, take the right away.
        """
        asyncio.get_running_loop()
        session = self._sessions[session_id]
        if not EVERYTHING.issuperset(sources):
            raise RequestError(f"Sources are {', '.join(sorted(EVERYTHING))}.")
        self._require_enforceable()
        session.rights.hold(sources)
        session.tell(Muted(frozenset(sources)))
        self.rights_changed(session)

    def permit(self, session_id: str, permissions: Permissions) -> None:
        """Give a session these rights instead of those that it has.

        They stay when it has to join anew; what is taken away stays so for its token, too.
        """
        asyncio.get_running_loop()
        session = self._sessions[session_id]
        if session.hidden:
            raise RequestError("Who watches hidden can be given no rights.")
        if not permissions.whole:
            self._require_enforceable()
        self.standing.note(session, permissions)
        if session.rights.permit(permissions, self._stage.all_for(session)):
            self.asks(session)
        self.rights_changed(session)

    def rename(self, session_id: str, name: str) -> None:
        """Give a session another name, whatever its token or its client says.

        It keeps it when it has to join anew. Raises RequestError for a name that shows nothing.
        """
        asyncio.get_running_loop()
        session = self._sessions[session_id]
        self.standing.rename(session, seen(name))
        self.changed(session)

    def lock(self, locked: bool = True) -> None:
        """Let in nobody but owners and who comes back to a session that was lost; or open it."""
        self.update(RoomOptions(locked=locked))

    def set_session_data(self, data: Any) -> None:
        """Set data of the meeting, of which everybody is told, also who comes later.

        Raises RequestError: `too-large` (16 KiB of JSON), or for what is no JSON.
        """
        asyncio.get_running_loop()
        try:
            size = len(json_of(data))
        except ValueError as error:
            raise RequestError(f"Session data has to be JSON: {error}.") from None
        if size > MAX_SESSION_DATA:
            info = f"Session data has at most {MAX_SESSION_DATA} bytes of JSON, this one {size}."
            raise RequestError(info, "too-large")
        self.session_data = data
        self._news.broadcast(SessionData(data))

    def rights_changed(self, session: Session) -> None:
        """Tell everybody, and end what cannot be enforced: a direct connection."""
        if session.permissions.owner and self.waiting:
            session.tell(WaitingParticipants(self.waiting))
        self.peering.able(session)
        self.changed(session, metadata=True)

    def _require_enforceable(self) -> None:
        if self.options.topology == "p2p":
            raise RequestError("Nothing can be enforced in a room of topology p2p.")
