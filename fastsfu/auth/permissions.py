"""What somebody in a room may do: what a token says, and what is changed while they are in."""

from collections.abc import Collection
from dataclasses import dataclass, field

from fastsfu.terms import SOURCES_UNDER, Publishable, Source

EVERYTHING: frozenset[Publishable] = frozenset(SOURCES_UNDER)
NOTHING: frozenset[Publishable] = frozenset()


@dataclass(frozen=True, slots=True)
class Permissions:
    """One participant's rights."""

    publish: frozenset[Publishable] = field(default=EVERYTHING)
    subscribe: bool = True  # receive what others publish
    messages: bool = True  # send app messages; receiving them comes with being in the room
    owner: bool = False  # change the rights of others, mute and eject them, lock the room

    @property
    def sources(self) -> frozenset[Source]:
        """All that may be published."""
        return sources_under(self.publish)

    @property
    def may_speak(self) -> bool:
        """It can say something of itself: who may only watch has nothing but its first name."""
        return bool(self.publish) or self.messages

    @property
    def whole(self) -> bool:
        """Nothing is left to enforce; between two clients that connect directly nothing can be."""
        return self.publish == EVERYTHING and self.subscribe and self.messages

    def within(self, others: "Permissions") -> "Permissions":
        """What both allow."""
        return Permissions(
            self.publish & others.publish,
            self.subscribe and others.subscribe,
            self.messages and others.messages,
            self.owner and others.owner,
        )


def publishable(said: bool | Collection[Publishable]) -> frozenset[Publishable]:
    """Which of them: all, none, or these."""
    if isinstance(said, bool):
        return EVERYTHING if said else NOTHING
    return frozenset(said)


def sources_under(names: Collection[Publishable]) -> frozenset[Source]:
    """`screen` is a picture and its sound; raises KeyError for what is no such name."""
    return frozenset(source for name in names for source in SOURCES_UNDER[name])
