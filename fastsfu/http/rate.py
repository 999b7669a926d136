"""How fast a client is read: as fast as it may speak, when it says more than that."""

import asyncio
from collections.abc import Callable

from fastsfu.allowance import Allowance
from fastsfu.http import messages
from fastsfu.http.model import Model

MESSAGES_PER_SECOND = 20.0
MESSAGES_AT_ONCE = 100.0
PATIENCE = 30.0  # seconds that a client may go on saying more than that
ANSWERS = 2  # messages that a request for sections brings: the offer, and what confirms its answer
ANSWERS_OPEN = 64  # of requests that are not answered, at most
INFO = f"more than {MESSAGES_PER_SECOND:.0f} messages a second"


class TooFast(Exception):
    """The client does not stop saying too much."""


class Rate:
    """One client's."""

    def __init__(self, tell: Callable[[Model], None]) -> None:
        self._tell = tell
        self._allowance = Allowance(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE)
        self._slow_since: float | None = None
        self._answers = 0  # messages that the client owes us

    def asked(self) -> None:
        """The client was asked for another offer."""
        self._answers = min(self._answers + ANSWERS, ANSWERS_OPEN)

    async def slow_down(self, message: Model | None) -> None:
        """Count a message (None: a malformed one), and wait until the next may be read.

        What we asked for does not count: others could make a client say any amount of that. Raises
        TooFast.
        """
        if self._answers and isinstance(message, messages.Offer | messages.Confirm):
            self._answers -= 1
            return
        now = asyncio.get_running_loop().time()
        wait = self._allowance.take(now)
        if not wait:
            self._slow_since = None
            return
        if self._slow_since is None:
            self._slow_since = now
            self._tell(messages.Error(fatal=False, error="rate-limit", info=INFO))
        if now - self._slow_since > PATIENCE:
            raise TooFast(INFO)
        await asyncio.sleep(wait)
