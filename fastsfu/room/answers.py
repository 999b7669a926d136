"""Answers to requests that came with a key of their own, kept so that who does not know whether one
has arrived may send it again.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, field

KEPT_SECONDS = 86_400.0
# In memory; the oldest are forgotten.
MOST = 10_000
MOST_BYTES = 16 << 20  # of their bodies


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
        self._bytes = 0

    async def keep_answer(self, answer: KeptAnswer) -> None:
        """Keep it for KEPT_SECONDS."""
        self._forget(self._known.pop((answer.owner, answer.key), None))
        self._known[answer.owner, answer.key] = answer
        self._bytes += len(answer.body)
        while len(self._known) > MOST or self._bytes > MOST_BYTES:
            self._forget(self._known.popitem(last=False)[1])

    async def find_answer(self, owner: str, key: str) -> KeptAnswer | None:
        """What was kept, unless it is too old."""
        oldest = time.time() - KEPT_SECONDS
        while self._known and next(iter(self._known.values())).at < oldest:
            self._forget(self._known.popitem(last=False)[1])
        return self._known.get((owner, key))

    def _forget(self, answer: KeptAnswer | None) -> None:
        if answer is not None:
            self._bytes -= len(answer.body)
