"""What a participant says of itself: which of its sources are on, and its user data.

A client can say it by data channel and by signaling, all of it and with a revision that grows at
each change. So it may come twice, late or out of order: only what is newer counts.
"""

from collections.abc import Mapping
from typing import Any, Final

from fastsfu.errors import RequestError
from fastsfu.terms import SendingLimit, Source
from fastsfu.transport.frames import json_of

# What has no revision is newer than all that the client may be saying meanwhile.
LEAP = 1 << 20


class Unset:
    """The type of UNSET."""


UNSET: Final = Unset()


class Metadata:
    """One participant's.

    Attributes: `revision`, `user_data` (JSON value), `limited_by` (what it sends).
    """

    def __init__(self, user_data: Any) -> None:
        """Raises RequestError for user data that is no JSON."""
        self.revision = 0
        self.user_data = _checked(user_data)
        self.limited_by: frozenset[SendingLimit] = frozenset()
        self._off: set[Source] = set()
        self._held: frozenset[Source] = frozenset()

    @property
    def muted(self) -> set[Source]:
        """Sources that are off, as it says or because a host has turned them off."""
        return self._off | self._held

    def hold(self, sources: frozenset[Source]) -> None:
        """These are off, whatever it says, and no others."""
        if sources != self._held:
            self._held = sources
            self.outdate()

    def outdate(self) -> None:
        """What counts now is newer than all that the client may be saying, also to others."""
        self.revision += LEAP

    def update(
        self,
        sources: Mapping[Source, bool],
        user_data: Any = UNSET,
        revision: int | None = None,
    ) -> bool:
        """Take what is said of each source, whether it is on, and of the user data.

        Without a revision it is newer than all before. False: it says nothing, or nothing new.
        Raises RequestError, as above.
        """
        if not sources and isinstance(user_data, Unset):
            return False
        if revision is not None and revision <= self.revision:
            return False
        if not isinstance(user_data, Unset):
            self.user_data = _checked(user_data)
        self.revision = self.revision + LEAP if revision is None else revision
        for source, is_on in sources.items():
            (self._off.discard if is_on else self._off.add)(source)
        return True


def _checked(user_data: Any) -> Any:
    try:
        json_of(user_data)
    except ValueError as error:
        raise RequestError(f"User data has to be JSON: {error}.") from None
    return user_data
