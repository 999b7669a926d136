"""A session's line to its client: signaling, which may be lost, and taken up again."""

from collections.abc import Callable

from fastsfu.events import Ended, Event, Replaced, Signaler
from fastsfu.session.deadlines import Deadlines


class Line:
    """One session's."""

    def __init__(
        self, deadlines: Deadlines, patience: float, on_given_up: Callable[[], None]
    ) -> None:
        """`on_given_up` is called when nobody takes it up again for `patience` seconds."""
        self._deadlines = deadlines
        self._patience = patience
        self._on_given_up = on_given_up
        self._signaler: Signaler | None = None
        self.is_lost = False  # it was there, and nobody has taken it up again

    @property
    def is_attached(self) -> bool:
        """Somebody can be told something."""
        return self._signaler is not None

    def attach(self, signaler: Signaler) -> None:
        """Talk through `signaler` from now on; the one before gets `Replaced`."""
        self._deadlines.clear("resume")
        if self._signaler is not None and self._signaler is not signaler:
            self._signaler.send(Replaced())
        self._signaler = signaler
        self.is_lost = False

    def detach(self, signaler: Signaler) -> None:
        """`signaler` is lost; does nothing when another one is attached."""
        if self._signaler is signaler:
            self._signaler = None
            self.is_lost = True
            self._deadlines.set("resume", self._patience, self._on_given_up)

    def tell(self, event: Event) -> None:
        """Send an event if there is a signaler."""
        if self._signaler is not None:
            self._signaler.send(event)

    def end(self, last: Ended) -> None:
        """Say the last word."""
        self.tell(last)
        self._signaler = None
