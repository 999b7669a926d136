"""Answers to requests that came with a key of their own, kept so that who does not know whether one
has arrived may send it again.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, field

KEPT_SECONDS = 86_400.0
MOST = 10_000  # in memory; the oldest are forgotten


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered to the first request that came with a key."""

    owner: str  # whose the request was, and
    key: str  # its own
    fingerprint: bytes  # of the request
    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)
    at: float = field(default_factory=time.time)  # seconds since 1970


class AnswersInMemory:
    """Those of this process."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], KeptAnswer] = OrderedDict()

    async def keep_answer(self, answer: KeptAnswer) -> None:
        """Keep it for KEPT_SECONDS."""
        self._known[answer.owner, answer.key] = answer
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    async def find_answer(self, owner: str, key: str) -> KeptAnswer | None:
        """What was kept, unless it is too old."""
        oldest = time.time() - KEPT_SECONDS
        while self._known and next(iter(self._known.values())).at < oldest:
            self._known.popitem(last=False)
        return self._known.get((owner, key))
