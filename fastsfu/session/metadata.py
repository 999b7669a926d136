"""What a participant says of itself: which of its sources are on, and its user data.

A client can say it by data channel and by signaling, all of it and with a revision that grows at
each change. So it may come twice, late or out of order: only what is newer counts.
"""

from collections.abc import Mapping
from typing import Any, Final

from fastsfu.errors import RequestError
from fastsfu.terms import Source
from fastsfu.transport.frames import json_of

# What has no revision is newer than all that the client may be saying meanwhile.
LEAP = 1 << 20


class Unset:
    """The type of UNSET."""


UNSET: Final = Unset()


class Metadata:
    """One participant's. Attributes: `revision`, `user_data` (JSON value), `muted` (sources that
    are off).
    """

    def __init__(self, user_data: Any) -> None:
        """Raises RequestError for user data that is no JSON."""
        self.revision = 0
        self.user_data = _checked(user_data)
        self.muted: set[Source] = set()

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
            (self.muted.discard if is_on else self.muted.add)(source)
        return True


def _checked(user_data: Any) -> Any:
    try:
        json_of(user_data)
    except ValueError as error:
        raise RequestError(f"User data has to be JSON: {error}.") from None
    return user_data
