"""Sends what the outbox has: one task for each endpoint, so that none waits for another.

Letters of one lane go one after the other, each until it has arrived or was given up; those of
different lanes side by side. A failure is tried again after a second, then after twice as long each
time, with jitter, up to an hour; after a day it is a dead letter.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from fastsfu.errors import RecordError
from fastsfu.room.outbox import Endpoint, Letter, Outbox
from fastsfu.webhooks.delivery import Refused

logger = logging.getLogger("fastsfu.webhooks")

AT_ONCE = 16  # letters to one endpoint, and connections
FIRST_RETRY = 1.0  # seconds
LONGEST_RETRY = 3600.0
GIVEN_UP_AFTER = 24 * 3600.0
LOOK_AGAIN = 30.0  # seconds: for letters of which nobody has told
FAREWELL = 5.0  # seconds to send what is left when the server ends


class Post(Protocol):
    """Deliveries, as a sender needs them."""

    async def post(self, endpoint: Endpoint, letter: Letter) -> None: ...

    async def close(self) -> None: ...


class Webhooks:
    """All senders. Async context manager, within that of the SFU: `SFU(beside=[Webhooks(...)])`."""

    def __init__(self, outbox: Outbox, open_post: Callable[[], Post]) -> None:
        self._outbox = outbox
        self._open_post = open_post
        self._senders: dict[str, _Sender] = {}

    async def __aenter__(self) -> Self:
        self._outbox.listen(self._on_news)
        self._on_news()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Send what can be sent in FAREWELL seconds; the rest is sent after the next start."""
        self._outbox.listen(lambda: None)
        await self._outbox.settled()
        senders = list(self._senders.values())
        self._senders.clear()
        await asyncio.gather(*(each.close(FAREWELL) for each in senders))

    def _on_news(self) -> None:
        endpoints = {each.id: each for each in self._outbox.endpoints()}
        for endpoint_id in self._senders.keys() - endpoints.keys():
            self._senders.pop(endpoint_id).cancel()
        for endpoint_id, endpoint in endpoints.items():
            sender = self._senders.get(endpoint_id)
            if sender is None:
                self._senders[endpoint_id] = _Sender(endpoint, self._outbox, self._open_post())
            else:
                sender.wake(endpoint)


class _Sender:
    """One endpoint's."""

    def __init__(self, endpoint: Endpoint, outbox: Outbox, post: Post) -> None:
        self._endpoint = endpoint
        self._outbox = outbox
        self._post = post
        self._news = asyncio.Event()
        self._closing = False
        self._running = asyncio.create_task(self._run())

    def wake(self, endpoint: Endpoint) -> None:
        """There may be letters; the endpoint may be another one."""
        self._endpoint = endpoint
        self._news.set()

    def cancel(self) -> None:
        """Its endpoint was removed."""
        self._running.cancel()

    async def close(self, seconds: float) -> None:
        """Send what is due, in so many seconds."""
        self._closing = True
        self._news.set()
        await asyncio.wait([self._running], timeout=seconds)
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running

    async def _run(self) -> None:
        try:
            while await self._send_due() or not self._closing:
                pass
        finally:
            await self._post.close()

    async def _send_due(self) -> bool:
        """Send a batch; False when nothing was due, and then wait until something may be."""
        self._news.clear()
        await self._outbox.settled()
        now = time.time()
        try:
            letters = await self._outbox.due(self._endpoint.id, now, AT_ONCE)
            next_due = None if letters else await self._outbox.next_due(self._endpoint.id)
        except RecordError:
            letters, next_due = [], None
        if letters:
            await asyncio.gather(*map(self._send, letters))
        elif not self._closing:
            wait = LOOK_AGAIN if next_due is None else min(max(next_due - now, 0), LOOK_AGAIN)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._news.wait()
        return bool(letters)

    async def _send(self, letter: Letter) -> None:
        try:
            await self._post.post(self._endpoint, letter)
        except Refused as refused:
            self._put_off(letter, str(refused))
        except Exception:
            logger.exception("%s to endpoint %s failed", letter.type, self._endpoint.id)
            self._put_off(letter, "a fault in the server")
        else:
            self._outbox.delivered(letter)

    def _put_off(self, letter: Letter, error: str) -> None:
        now = time.time()
        if now - letter.created_at >= GIVEN_UP_AFTER:
            logger.error("%s to endpoint %s: given up: %s", letter.type, self._endpoint.id, error)
            self._outbox.given_up(letter, error)
            return
        # No more attempts than make the longest pause, or the power would grow without end.
        seconds = min(FIRST_RETRY * 2 ** min(letter.attempts, 12), LONGEST_RETRY)
        self._outbox.postponed(letter, now + seconds * random.uniform(0.5, 1.0), error)
