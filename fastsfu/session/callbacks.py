"""What a session lets its parts call, without being kept alive by them: once it has ended it is
freed at once, not by a search for cycles, which looks at all that the other sessions consist of.
"""

from collections.abc import Callable
from typing import Protocol
from weakref import ref

from fastsfu.events import EncodingsWanted
from fastsfu.session.line import Line
from fastsfu.tracks import Publication


class Leaving(Protocol):
    """A session."""

    def leave(self, reason: str, info: str) -> None: ...


def leaving(session: Leaving, reason: str, info: str) -> Callable[[], None]:
    """Lets it leave, if it is still there."""
    there = ref(session)

    def leave() -> None:
        if (left := there()) is not None:
            left.leave(reason, info)

    return leave


def tell_demand(line: Line, publication: Publication) -> None:
    """Which encodings of it are wanted now, to its sender."""
    wanted = tuple((each.rid, each.wanted) for each in publication.encodings)
    line.tell(EncodingsWanted(publication.source, wanted, publication.max_height))
