"""What one session may do now, put to work: the engine passes on nothing that it may not.

Rights begin as the token says. What a host has turned off (`held`) stays off, whatever the client
says of its sources, until the client unmutes: that it does when it knows and its user wants to.
"""

from collections.abc import Iterable

from fastsfu.auth.permissions import Permissions, sources_under
from fastsfu.errors import RequestError
from fastsfu.session.metadata import Metadata
from fastsfu.session.publisher import Publisher
from fastsfu.session.subscriber import Subscriber
from fastsfu.terms import Publishable
from fastsfu.tracks import Publication


class Rights:
    """One session's. Attributes: `permissions`, `held`."""

    def __init__(
        self,
        permissions: Permissions,
        metadata: Metadata,
        publisher: Publisher,
        subscriber: Subscriber,
    ) -> None:
        self.permissions = permissions
        self.held: frozenset[Publishable] = frozenset()
        self._metadata = metadata
        self._publisher = publisher
        self._subscriber = subscriber
        self._is_pinned = False
        self.permit(permissions, ())

    @property
    def unrestricted(self) -> bool:
        """Nothing has to be kept from it, so that it can be connected to another client."""
        return self.permissions.whole and not self.held

    def require_speech(self) -> None:
        """Raise RequestError unless it may say something of itself."""
        if not self.permissions.may_speak:
            raise RequestError("There is permission to watch only.", "not-allowed")

    def permit(self, permissions: Permissions, publications: Iterable[Publication]) -> bool:
        """Change them; `publications` are all that others publish. True when one of them waits for
        a section now.
        """
        if permissions.sources != self.permissions.sources:
            self._metadata.outdate()
        self.permissions = permissions
        self._publisher.permit(permissions.sources)
        self.pin(self._is_pinned)
        return self._subscriber.permit(permissions.subscribe, publications)

    def pin(self, pinned: bool) -> None:
        """Its voice is passed on however many are louder, as an owner's always is."""
        self._is_pinned = pinned
        self._publisher.pin(pinned or self.permissions.owner)

    def hold(self, names: Iterable[Publishable]) -> None:
        """Turn these off; raises KeyError for what is none of them."""
        self._set_held(self.held.union(names))

    def unmute(self, names: Iterable[Publishable]) -> None:
        """They are as the client says again."""
        self._set_held(self.held.difference(names))

    def follow(self) -> None:
        """What the client says of its sources has changed."""
        self._publisher.mute(self._metadata.muted)

    def _set_held(self, held: frozenset[Publishable]) -> None:
        self._metadata.hold(sources_under(held))
        self.held = held
        self.follow()
