"""Subscriptions in the engine: made when media can go, paused, and ended."""

from collections.abc import Callable
from functools import partial

from fastsfu.engine.media import MediaEngine
from fastsfu.session.bundle import Bundle
from fastsfu.session.limits import Limits
from fastsfu.session.quotas import Account
from fastsfu.tracks import ALL, Subscription, Wish


class Flows:
    """Those of one session; `bundle` is its transport, from its first offer on. `on_picture`: the
    first of a video is on its way to the client.
    """

    def __init__(
        self,
        engine: MediaEngine,
        account: Account,
        limits: Limits,
        on_picture: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._account = account
        self._limits = limits
        self._on_picture = on_picture
        self.bundle: Bundle | None = None

    def open(self, subscription: Subscription) -> None:
        """Forward it from now on, or from when its publication can come, if there may be one more
        stream; else the next offer tries again.
        """
        if not subscription.publication.encodings:
            subscription.publication.waiting[subscription] = self.open
            return
        if not self._account.take():
            return
        try:
            subscription.outbound = self._create(subscription)
        except MemoryError as error:
            self._account.failed(f"The server is full: {error}.")
            return
        if subscription.wish is not ALL and subscription.wish != ALL:
            self._prefer(subscription)
        _note_height(subscription)

    def wish(self, subscription: Subscription, wish: Wish) -> None:
        """How much of it is wanted."""
        if wish != subscription.wish:
            subscription.wish = wish
            self._prefer(subscription)

    def pause(self, subscription: Subscription, paused: bool) -> None:
        """Its receiver declines it, or takes it back."""
        if subscription.paused != paused:
            subscription.paused = paused
            self._set(subscription)

    def release(self, subscription: Subscription) -> None:
        """Its receiver knows of it."""
        subscription.held = 0
        self._set(subscription)

    def end(self, subscription: Subscription) -> None:
        self.forget(subscription)
        if subscription.limit is not None:
            self._limits.change(subscription, None)
        if subscription.outbound is not None:
            self._engine.close_outbound(subscription.outbound)
            self._account.give_back()

    def forget(self, subscription: Subscription) -> None:
        """It ends with its transport, which frees it."""
        subscription.publication.waiting.pop(subscription, None)
        if subscription.outbound is not None:
            self._account.sent_bytes += self._engine.bytes_of(subscription.outbound)
            subscription.publication.replicas.give_back(self._engine)
        _note_height(subscription, ended=True)

    def _create(self, subscription: Subscription) -> int:
        assert self.bundle is not None
        replicas = subscription.publication.replicas
        source = replicas.take(self._engine)
        try:
            return self._engine.create_outbound(
                self.bundle.handle,
                source,
                ssrc=subscription.ssrc,
                rtx_ssrc=subscription.rtx_ssrc,
                payload_types=subscription.payload_types,
                cname=subscription.stream.cname,
                mid=subscription.mid if subscription.named else "",
                numbered=subscription.numbered,
                paused=_pauses(subscription),
                on_limit=partial(self._limits.change, subscription),
                on_begun=self._on_picture,
            )
        except MemoryError:
            replicas.give_back(self._engine)
            raise

    def _prefer(self, subscription: Subscription) -> None:
        wish = subscription.wish
        if subscription.outbound is not None:
            self._engine.set_preference(
                subscription.outbound,
                priority=wish.priority,
                most_layer=wish.layer,
                most_height=wish.max_height,
            )
            _note_height(subscription)

    def _set(self, subscription: Subscription) -> None:
        if subscription.outbound is not None:
            self._engine.pause_outbound(subscription.outbound, _pauses(subscription))
            _note_height(subscription)


def _pauses(subscription: Subscription) -> bool:
    """Its receiver declines it, or does not know of it yet."""
    return subscription.paused or subscription.held > 0


def _note_height(subscription: Subscription, *, ended: bool = False) -> None:
    """How large a picture its receiver wants."""
    heights = subscription.publication.heights
    if heights is not None and (ended or subscription.paused):
        heights.drop(subscription)
    elif heights is not None:
        heights.want(subscription, subscription.wish.max_height)
