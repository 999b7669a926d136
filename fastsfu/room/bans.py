"""Whose token was ejected from which room, and so opens it no more."""

import time
from collections import OrderedDict

from fastsfu.auth.tokens import Grant
from fastsfu.errors import JoinError

MOST = 10_000  # the oldest are forgotten


class Bans:
    """Of all rooms, also of those that have ended: they come to be again with the next token."""

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[str, str], float | None] = OrderedDict()

    def add(self, room: str, grant: Grant) -> None:
        """It opens the room no more; who has none (an open room) cannot be told from others."""
        if grant.key is None:
            return
        self._until[room, grant.key] = grant.expires_at
        if len(self._until) > MOST:
            self._forget_some()

    def check(self, room: str, grant: Grant) -> None:
        """Raise JoinError unless it opens the room."""
        if grant.key is not None and (room, grant.key) in self._until:
            raise JoinError("not-allowed", "Who came with this token was asked to leave the room.")

    def _forget_some(self) -> None:
        now = time.time()
        for ban, until in list(self._until.items()):
            if until is not None and until < now:
                del self._until[ban]
        while len(self._until) > MOST:
            self._until.popitem(last=False)
