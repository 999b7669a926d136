"""What has changed within one turn of the event loop, so that it is told as one event each."""

import asyncio
from collections.abc import Callable

from fastsfu.session.session import Session


class News:
    """One room's."""

    def __init__(
        self,
        tell_changed: Callable[[Session, bool], None],
        tell_hidden: Callable[[], None],
    ) -> None:
        """At the end of the turn `tell_changed` gets each session that others see differently, and
        whether what it says of itself is new; `tell_hidden` is called when somebody hidden came or
        went.
        """
        self._tell_changed = tell_changed
        self._tell_hidden = tell_hidden
        self._changed: dict[Session, bool] = {}
        self._is_hidden_due = False
        self._flushing: asyncio.Handle | None = None

    def changed(self, session: Session, *, metadata: bool) -> None:
        self._changed[session] = metadata or self._changed.get(session, False)
        self._flush_soon()

    def hidden(self) -> None:
        self._is_hidden_due = True
        self._flush_soon()

    def forget(self, session: Session) -> None:
        """It has left."""
        self._changed.pop(session, None)

    def close(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()

    def _flush_soon(self) -> None:
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = None
        changed, self._changed = self._changed, {}
        is_hidden_due, self._is_hidden_due = self._is_hidden_due, False
        for session, metadata in changed.items():
            self._tell_changed(session, metadata)
        if is_hidden_due:
            self._tell_hidden()
