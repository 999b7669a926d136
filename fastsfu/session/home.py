"""What a session needs of its room, so that neither imports the other."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from fastsfu.auth.resume_keys import ResumeKeys
from fastsfu.events import Participant
from fastsfu.p2p.peering import Peering
from fastsfu.session.channels import Switchboard
from fastsfu.session.publisher import Audience
from fastsfu.tracks import Publication

Guest = TypeVar("Guest", contravariant=True)  # the Session


class Home(Audience, Switchboard, Protocol[Guest]):
    """The room."""

    name: str
    peering: Peering
    resume_keys: ResumeKeys

    @property
    def max_participants(self) -> int: ...
    @property
    def ends_at(self) -> float | None: ...
    @property
    def active_speaker(self) -> str | None: ...
    @property
    def hidden_count(self) -> int: ...
    def others_than(self, session: Guest) -> list[Participant]: ...
    def publications_for(self, session: Guest, ids: Iterable[str]) -> list[Publication]: ...
    def changed(self, session: Guest, *, metadata: bool = False) -> None: ...
    def rights_changed(self, session: Guest) -> None: ...
    def asks(self, session: Guest) -> None: ...
    def left(self, session: Guest, reason: str) -> None: ...
