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
        self._began_at = time.monotonic()
        self._has_connected = self._has_sent = self._awaits_frame = False

    def joined(self, origin: str, *, awaits_frame: bool) -> None:
        """`awaits_frame`: a camera is on, whose picture the SFU has to forward to the client."""
        self._outcomes.joined += 1
        self._awaits_frame = awaits_frame
        self._note("joined", origin=origin)

    def path_found(self, address: str, local: str, kind: PathKind) -> None:
        self._note("media path found", address=address, local=local or None, kind=kind)

    def heard(self) -> None:
        """Media comes from the client; what is not the first is not said."""
        if not self._has_sent:
            self._has_sent = True
            self._outcomes.first_media.add(self._waited())
            self._note("first media from the client", seconds=round(self._waited(), 3))

    def shown(self) -> None:
        """A picture is on its way to the client; only the first that was awaited counts."""
        if self._awaits_frame:
            self._awaits_frame = False
            self._outcomes.first_frame.add(self._waited())
            self._note("first frame to the client", seconds=round(self._waited(), 3))

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
            self._outcomes.connecting.add(self._waited())

    def failed(self, stop: Stop) -> None:
        """Its media does not come: in which stage, and why that may be."""
        self._outcomes.failed[stop.stage] += 1
        self._note(f"media failed: {stop.found}", level=logging.WARNING, reason=stop.reason)

    def moved(self) -> None:
        """It goes on in another process."""
        self._outcomes.left["moved"] += 1
        self._note("moved to the next process")

    def left(self, reason: str, received_bytes: int, sent_bytes: int) -> None:
        """The bytes are those of its media, without headers."""
        self._outcomes.left[reason] += 1
        seconds = max(0.0, time.time() - self._about.joined_at)
        self._outcomes.lasting.add(seconds)
        carried = {"received_bytes": received_bytes, "sent_bytes": sent_bytes}
        self._note("left", reason=reason, seconds=round(seconds, 1), **carried)

    def _waited(self) -> float:
        """Since it came here: it may have joined another process, long before."""
        return time.monotonic() - self._began_at

    def _note(self, what: str, *, level: int = logging.INFO, **more: object) -> None:
        """One line; members that are None are left out."""
        about = self._about
        who = {"session": about.id, "room": about.room.name, "user": about.grant.user_id}
        logger.log(level, what, extra={**who, **more})
