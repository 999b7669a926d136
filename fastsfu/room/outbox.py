"""What other servers are to hear of, kept until each of them has it (webhooks).

Two edges share these values and no more: one keeps them (`Outbox`), one sends them.
"""

import base64
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from fastsfu.room.meetings import Change, Meeting
from fastsfu.room.notices import Notice

SECRET_PREFIX = "whsec_"  # of Standard Webhooks
SECRET_BYTES = 32

TellType = Literal[
    "room.started",
    "room.ended",
    "usage",
    "participant.joined",
    "participant.updated",
    "participant.left",
    "track.published",
    "track.unpublished",
    "topology",
    "waiting-participant.joined",
    "waiting-participant.left",
]


@dataclass(frozen=True, slots=True)
class Told:
    """Something that has happened, as JSON. Those of one lane come in their order."""

    id: str
    type: TellType
    lane: str
    body: str


class Tells(Protocol):
    """What is told of a notice."""

    def __call__(
        self, notice: Notice, meeting: Meeting | None, change: Change | None, /
    ) -> Iterable[Told]: ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where things are told to. Times in seconds since 1970."""

    url: str
    types: tuple[str, ...] = ()  # of Told; none: all
    id: str = field(default_factory=lambda: secrets.token_hex(12))
    secret: str = field(default_factory=lambda: new_secret(), repr=False)
    former_secret: str | None = field(default=None, repr=False)  # signs too, until
    former_until: float = 0.0
    created_at: float = field(default_factory=time.time)

    def wants(self, told: Told) -> bool:
        return not self.types or told.type in self.types


@dataclass(frozen=True, slots=True)
class Letter:
    """Something told, on its way to one endpoint."""

    number: int  # grows in the order in which things happened
    message_id: str
    type: str
    body: str
    created_at: float
    attempts: int = 0
    error: str | None = None  # of the last attempt


class Outbox(Protocol):
    """All that is to be told. What changes it raises RecordError when that cannot be kept."""

    def endpoints(self) -> Sequence[Endpoint]: ...

    async def put_endpoint(self, endpoint: Endpoint) -> None:
        """Add it, or put it in the place of the one with its id."""

    async def remove_endpoint(self, endpoint_id: str) -> None:
        """With all letters to it."""

    def listen(self, on_news: Callable[[], None]) -> None:
        """Called when there may be letters that are due, or other endpoints."""

    async def due(self, endpoint_id: str, now: float, limit: int) -> list[Letter]:
        """The first letter of each lane, if its time has come; the oldest first."""

    async def next_due(self, endpoint_id: str) -> float | None:
        """When the next letter's time comes; None when there is none."""

    def delivered(self, letter: Letter) -> None: ...

    def postponed(self, letter: Letter, due_at: float, error: str) -> None:
        """It is tried again then."""

    def given_up(self, letter: Letter, error: str) -> None:
        """It is tried no more, unless it is replayed."""

    async def settled(self) -> None:
        """Wait until these three are kept."""

    async def dead_letters(self, endpoint_id: str, after: int, limit: int) -> list[Letter]:
        """Those that were given up, with greater numbers than that."""

    async def replay(self, endpoint_id: str, numbers: Sequence[int] | None) -> int:
        """Try these dead letters again, or all; how many there were."""


def new_secret() -> str:
    """For one endpoint, as Standard Webhooks writes it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
