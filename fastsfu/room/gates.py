"""What an embedding application may refuse: it is asked before the thing happens."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastsfu.messages.exchange import OnAppMessage
from fastsfu.session.channels import OnChannel
from fastsfu.session.session import Session

OnJoin = Callable[[Session], Awaitable[None] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """A room's. None lets everything through; of channels nobody takes any then.

    `on_join` is called before a session is in, and may be a coroutine function; JoinError refuses.
    `on_app_message` gets the session and its AppMessage before that is given on: it may replace its
    `data` and `to`, or refuse by RequestError. `on_channel` gets the session and a Channel that its
    client opens, and may refuse by RequestError. Both are plain functions: what follows has to wait
    for them.
    """

    on_join: OnJoin | None = None
    on_app_message: OnAppMessage | None = None
    on_channel: OnChannel | None = None

    def over(self, others: "Gates") -> "Gates":
        """The `others` where this one has none."""
        return Gates(
            on_join=self.on_join or others.on_join,
            on_app_message=self.on_app_message or others.on_app_message,
            on_channel=self.on_channel or others.on_channel,
        )
