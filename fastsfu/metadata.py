"""What a participant says of itself: which of its sources are on, and its user data."""

from collections.abc import Mapping
from typing import Any, Final

from fastsfu.tracks import Source


class Unset:
    """The type of UNSET."""


UNSET: Final = Unset()


class Metadata:
    """One participant's. Attributes: `user_data` (JSON value), `muted` (sources that are off)."""

    def __init__(self, user_data: Any) -> None:
        self.user_data = user_data
        self.muted: set[Source] = set()

    def update(self, sources: Mapping[Source, bool], user_data: Any = UNSET) -> None:
        """Take what is said of each source, whether it is on, and of the user data."""
        for source, is_on in sources.items():
            (self.muted.discard if is_on else self.muted.add)(source)
        if not isinstance(user_data, Unset):
            self.user_data = user_data
