"""Who was ejected from which room: tokens, resume keys and users that open it no more."""

import time
from collections import OrderedDict

from fastsfu.auth.tokens import Grant
from fastsfu.errors import JoinError

MOST = 10_000  # the oldest are forgotten


class Bans:
    """Of all rooms, also of those that have ended: they come to be again with the next token."""

    def __init__(self) -> None:
        self.until: OrderedDict[tuple[str, str], float | None] = OrderedDict()

    def eject(self, room: str, grant: Grant, origin: str) -> None:
        """Its tokens open the room no more, nor what proves to be of its sessions (`origin`)."""
        self._add(room, f"origin {origin}", None)
        for token_id in (grant.token_id, *grant.earlier):
            if token_id is not None:
                self._add(room, f"jti {token_id}", None)

    def ban(self, room: str, user_id: str, until: float | None) -> None:
        """No token of the user opens the room; `until` in seconds since 1970, None: for good."""
        self._add(room, f"sub {user_id}", until)

    def forget(self, room: str) -> None:
        """The room was deleted: what was ejected from it may come to the next of its name."""
        for ban in [each for each in self.until if each[0] == room]:
            del self.until[ban]

    def check(self, room: str, grant: Grant, origin: str | None = None) -> None:
        """Raise JoinError unless it opens the room, for a client of this origin."""
        if self._holds(room, f"jti {grant.token_id}") or self._holds(room, f"origin {origin}"):
            raise JoinError("not-allowed", "Who came with this token was asked to leave the room.")
        if self._holds(room, f"sub {grant.user_id}"):
            raise JoinError("not-allowed", "This user was asked to leave the room.")

    def _holds(self, room: str, key: str) -> bool:
        if (room, key) not in self.until:
            return False
        until = self.until[room, key]
        return until is None or time.time() < until

    def _add(self, room: str, key: str, until: float | None) -> None:
        self.until[room, key] = until
        self.until.move_to_end((room, key))
        if len(self.until) > MOST:
            self._forget_some()

    def _forget_some(self) -> None:
        now = time.time()
        for ban, until in list(self.until.items()):
            if until is not None and until < now:
                del self.until[ban]
        while len(self.until) > MOST:
            self.until.popitem(last=False)
