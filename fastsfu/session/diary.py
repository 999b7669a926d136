"""What becomes of a session, as lines of the log and in the server's counts: whom it is about, and
why its media fails.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from fastsfu.auth.tokens import Grant
from fastsfu.session.outcomes import Outcomes
from fastsfu.terms import PathKind

logger = logging.getLogger("fastsfu.session")


@dataclass(frozen=True)
class Stop:
    """Where a client's media stopped on its way to us, and what that means."""

    stage: str
    found: str
    reason: str


NO_DTLS = Stop(
    "dtls",
    "ICE checks came, but no DTLS",
    "what is on the way lets STUN through and nothing else, or the client has gone",
)


def no_check(addresses: Iterable[str]) -> Stop:
    """None came to these."""
    there = ", ".join(dict.fromkeys(addresses))
    reason = f"UDP and TCP to {there} is blocked on the way, or media_ips are not what it reaches"
    return Stop("ice", "no ICE check came", reason)


def dtls_failed(detail: str) -> Stop:
    return Stop("dtls", "DTLS failed", detail)


class Place(Protocol):
    """A room."""

    name: str
    outcomes: Outcomes


class Subject(Protocol):
    """A session."""

    id: str
    grant: Grant
    joined_at: float

    @property
    def room(self) -> Place: ...


class Diary:
    """One session's."""

    def __init__(self, about: Subject) -> None:
        self._about = about
        self._outcomes = about.room.outcomes
        self._has_connected = self._has_sent = False

    def joined(self, origin: str) -> None:
        self._outcomes.joined += 1
        self._note("joined", origin=origin)

    def path_found(self, address: str, kind: PathKind) -> None:
        self._note("media path found", address=address, kind=kind)

    def heard(self) -> None:
        """Media comes from the client; what is not the first is not said."""
        if not self._has_sent:
            self._has_sent = True
            self._outcomes.first_media.add(self._age())
            self._note("first media from the client", seconds=round(self._age(), 3))

    def path_lost(self, seconds: float) -> None:
        """Nothing has come for so long."""
        self._outcomes.failed["path"] += 1
        self._note("media path lost", seconds=seconds)

    def secured(self, profile: str) -> None:
        self._note("media is encrypted", profile=profile)

    def connected(self) -> None:
        """Media can flow; what is not the first time is not counted."""
        if not self._has_connected:
            self._has_connected = True
            self._outcomes.connecting.add(self._age())

    def failed(self, stop: Stop) -> None:
        """Its media does not come: in which stage, and why that may be."""
        self._outcomes.failed[stop.stage] += 1
        self._note(f"media failed: {stop.found}", level=logging.WARNING, reason=stop.reason)

    def left(self, reason: str) -> None:
        self._outcomes.left[reason] += 1
        self._outcomes.lasting.add(self._age())
        self._note("left", reason=reason, seconds=round(self._age(), 1))

    def _age(self) -> float:
        return max(0.0, time.time() - self._about.joined_at)

    def _note(self, what: str, *, level: int = logging.INFO, **more: object) -> None:
        """One line; members that are None are left out."""
        about = self._about
        who = {"session": about.id, "room": about.room.name, "user": about.grant.user_id}
        logger.log(level, what, extra={**who, **more})
