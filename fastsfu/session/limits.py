"""What of the pictures that one session receives does not fit to it, as its client is told.

That nothing of one comes is told at once, by an event of its own, which every client takes; what is
less of one, only to a client that takes it, and at most twice a second: all that is so then.
"""

import asyncio
from collections.abc import Callable, Iterable

from fastsfu.events import Event, LimitsChanged, VideoSuspended
from fastsfu.terms import Source, Unfit
from fastsfu.tracks import Subscription

APART = 0.5  # seconds


class Limits:
    """One session's."""

    def __init__(self, tell: Callable[[Event], None], *, takes_all: bool) -> None:
        """`takes_all`: the client takes `LimitsChanged`."""
        self._tell = tell
        self._takes_all = takes_all
        self._now: dict[tuple[str, Source], Unfit] = {}
        self._told: dict[tuple[str, Source], Unfit] = {}
        self._timer: asyncio.TimerHandle | None = None

    def change(self, subscription: Subscription, limit: Unfit | None) -> None:
        """It does not fit, whole or at all, or does again (None)."""
        was_suspended, subscription.limit = subscription.suspended, limit
        if subscription.suspended != was_suspended:
            self._tell_suspended(subscription)
        publication = subscription.publication
        self._now.pop((publication.session_id, publication.source), None)
        if limit is not None:
            self._now[publication.session_id, publication.source] = limit
        if self._takes_all and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(APART, self._flush)

    def tell_again(self, subscriptions: Iterable[Subscription]) -> None:
        """To a client that has come back."""
        for subscription in subscriptions:
            if subscription.suspended:
                self._tell_suspended(subscription)
        if self._takes_all and (self._told or self._now):
            self._tell_all()

    def close(self) -> None:
        self._takes_all = False
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        self._timer = None
        if self._now != self._told:
            self._tell_all()

    def _tell_all(self) -> None:
        self._told = dict(self._now)
        self._tell(LimitsChanged(tuple((*key, limit) for key, limit in self._told.items())))

    def _tell_suspended(self, subscription: Subscription) -> None:
        publication = subscription.publication
        self._tell(
            VideoSuspended(publication.session_id, publication.source, subscription.suspended)
        )
