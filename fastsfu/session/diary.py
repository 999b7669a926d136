"""What becomes of a session, as lines of the log: whom it is about, and why its media fails."""

import logging
from typing import Protocol

from fastsfu.auth.tokens import Grant

logger = logging.getLogger("fastsfu.session")

# Where a client's media stopped on its way to us, and what that means.
NO_CHECK = (
    "no ICE check came",
    "the media ports are blocked on the way, UDP and TCP, or media_ips are not what clients reach",
)
NO_DTLS = (
    "ICE checks came, but no DTLS",
    "what is on the way lets STUN through and nothing else, or the client has gone",
)


class Named(Protocol):
    """A room."""

    name: str


class Subject(Protocol):
    """A session."""

    id: str
    grant: Grant

    @property
    def room(self) -> Named: ...


def note(about: Subject, what: str, *, level: int = logging.INFO, **more: object) -> None:
    """One line; members that are None are left out."""
    who = {"session": about.id, "room": about.room.name, "user": about.grant.user_id}
    logger.log(level, what, extra={**who, **more})


def warn(about: Subject, stopped: tuple[str, str]) -> None:
    """Its media does not come: in which stage, and why that may be."""
    stage, reason = stopped
    note(about, f"media failed: {stage}", level=logging.WARNING, reason=reason)
