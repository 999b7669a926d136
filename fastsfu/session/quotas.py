"""What each token, session and room may have: sessions of a token, streams of all three.

A token is told by its holder (`sub`) or, without one, by itself (`jti`), so that whoever has got
hold of one can neither fill a room with it nor use up a worker.
"""

from collections.abc import Callable, Hashable
from weakref import WeakValueDictionary

from fastsfu.auth.tokens import Grant
from fastsfu.config import Config
from fastsfu.errors import JoinError

SESSION_STREAMS = 1024  # in and out
TOKEN_SHARE = 1 / 4  # of a worker's streams, for the sessions of one token
ROOM_SHARE = 1 / 2  # of all workers' streams, for one room


class Tally:
    """How many of something there are, and may be."""

    def __init__(self, limit: int, whose: str) -> None:
        """`whose` it is, in a sentence."""
        self.limit = limit
        self.whose = whose
        self.count = 0


class Account:
    """One session's: a stream of it counts for itself, its token and its room.

    Attributes: `received_bytes` and `sent_bytes`, of the payloads in those that have ended.
    """

    def __init__(self, sessions: Tally | None, *streams: Tally) -> None:
        """Raises JoinError when its token has as many sessions as it may."""
        if sessions is not None and sessions.count >= sessions.limit:
            info = f"{sessions.whose} has {sessions.limit} sessions, and may have no more."
            raise JoinError("meeting-full", info)
        self._sessions = sessions
        self._streams = streams
        self._taken = 0
        self.received_bytes = self.sent_bytes = 0
        self._told = False
        self.on_refusal: Callable[[str], None] = lambda info: None
        if sessions is not None:
            sessions.count += 1

    def take(self) -> bool:
        """Whether there may be one stream more; a first refusal is told to `on_refusal`."""
        full = next((each for each in self._streams if each.count >= each.limit), None)
        if full is not None:
            self._refuse(f"{full.whose} has {full.limit} streams, and may have no more.")
            return False
        self._add(1)
        return True

    def give_back(self) -> None:
        """A stream that was taken has ended."""
        self._add(-1)
        self._told = False

    def failed(self, info: str) -> None:
        """A stream that was taken did not come about."""
        self._add(-1)
        self._refuse(info)

    def close(self) -> None:
        """The session has ended, and its streams with it."""
        self._add(-self._taken)
        if self._sessions is not None:
            self._sessions.count -= 1
            self._sessions = None

    def _refuse(self, info: str) -> None:
        if not self._told:
            self._told = True
            self.on_refusal(info)

    def _add(self, count: int) -> None:
        self._taken += count
        for tally in self._streams:
            tally.count += count


class Quotas:
    """One server's accounts. A tally lives as long as one of those that it is in, with the limit
    that `config` had when it was made.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self._tallies: WeakValueDictionary[Hashable, Tally] = WeakValueDictionary()

    def open(self, room: str, grant: Grant) -> Account:
        """For a new session; raises JoinError."""
        config, key = self.config, grant.key
        of_session = Tally(SESSION_STREAMS, "The session")
        most = round(config.max_streams * config.workers * ROOM_SHARE)
        of_room = self._tally(("room", room), most, "The room")
        if key is None:
            return Account(None, of_session, of_room)
        most = round(config.max_streams * TOKEN_SHARE)
        of_token = self._tally(("streams", key), most, "The token")
        sessions = self._tally(("sessions", key), config.max_token_sessions, "The token")
        return Account(sessions, of_session, of_room, of_token)

    def _tally(self, key: Hashable, limit: int, whose: str) -> Tally:
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally(limit, whose)
        return tally
