"""Who was ejected from which room: tokens, resume keys and users that open it no more."""

import heapq
import time
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from fastsfu.auth.tokens import Grant
from fastsfu.errors import JoinError

MOST = 10_000  # of all rooms together


class Ban(NamedTuple):
    """`whom` is a kind (`jti`, `origin`, `sub`) and an id; `until` in seconds since 1970, None: for
    good.
    """

    room: str
    whom: str
    until: float | None


class Kept(Protocol):
    """Where they outlive the process, if they do. Neither waits."""

    def keep_ban(self, ban: Ban) -> None:
        """In the place of one that it has of the same."""

    def forget_bans(self, room: str, whom: str | None = None) -> None:
        """All of a room, or this one."""


class Bans:
    """Of all rooms, also of those that have ended: they come to be again with the next token.

    The room that has the most loses its oldest where there are too many: no room that has more than
    another costs that one its own.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._of_room: dict[str, dict[str, float | None]] = {}
        self._count = 0

    def eject(self, room: str, grant: Grant, origin: str) -> None:
        """Its tokens open the room no more, nor what proves to be of its sessions (`origin`)."""
        self._add(Ban(room, f"origin {origin}", None))
        for token_id in (grant.token_id, *grant.earlier):
            if token_id is not None:
                self._add(Ban(room, f"jti {token_id}", None))

    def ban(self, room: str, user_id: str, until: float | None) -> None:
        """No token of the user opens the room; `until` in seconds since 1970, None: for good."""
        self._add(Ban(room, f"sub {user_id}", until))

    def forget(self, room: str) -> None:
        """The room was deleted: what was ejected from it may come to the next of its name."""
        if self.leave_out(room):
            self._kept.forget_bans(room)

    def leave_out(self, room: str) -> bool:
        """It is none of ours: where its bans are kept they stay. False: it had none."""
        found = self._of_room.pop(room, {})
        self._count -= len(found)
        return bool(found)

    def check(self, room: str, grant: Grant, origin: str | None = None) -> None:
        """Raise JoinError unless it opens the room, for a client of this origin."""
        if self._holds(room, f"jti {grant.token_id}") or self._holds(room, f"origin {origin}"):
            raise JoinError("not-allowed", "Who came with this token was asked to leave the room.")
        if self._holds(room, f"sub {grant.user_id}"):
            raise JoinError("not-allowed", "This user was asked to leave the room.")

    def all(self) -> list[Ban]:
        """Of each room the oldest first."""
        return [
            Ban(room, whom, until)
            for room, found in self._of_room.items()
            for whom, until in found.items()
        ]

    def adopt(self, bans: Iterable[Ban]) -> None:
        """Those of an earlier process, which are kept already, and stay so if they are too many."""
        for ban in bans:
            self._put(ban)
        self._drop_excess()

    def _holds(self, room: str, whom: str) -> bool:
        found = self._of_room.get(room, {})
        if whom not in found:
            return False
        until = found[whom]
        return until is None or time.time() < until

    def _add(self, ban: Ban) -> None:
        self._put(ban)
        self._kept.keep_ban(ban)
        for dropped in self._drop_excess():
            self._kept.forget_bans(dropped.room, dropped.whom)

    def _put(self, ban: Ban) -> None:
        self._drop(ban)
        self._of_room.setdefault(ban.room, {})[ban.whom] = ban.until
        self._count += 1

    def _drop_excess(self) -> list[Ban]:
        """Those that hold no more, if there are too many; then of the largest rooms."""
        if self._count <= MOST:
            return []
        now = time.time()
        dropped = [each for each in self.all() if each.until is not None and each.until < now]
        for ban in dropped:
            self._drop(ban)
        largest = [(-len(found), room) for room, found in self._of_room.items()]
        heapq.heapify(largest)
        while self._count > MOST:
            size, room = largest[0]
            whom, until = next(iter(self._of_room[room].items()))
            dropped.append(Ban(room, whom, until))
            self._drop(dropped[-1])
            heapq.heapreplace(largest, (size + 1, room))
        return dropped

    def _drop(self, ban: Ban) -> None:
        found = self._of_room.get(ban.room, {})
        if ban.whom in found:
            del found[ban.whom]
            self._count -= 1
            if not found:
                del self._of_room[ban.room]
