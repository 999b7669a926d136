"""A session: one participant's live connection, from joining to leaving.

The client always offers (RFC 9429 with roles fixed): `offer` takes its description and returns the
answer; when there is more to receive, the session asks for another offer by a `SectionsWanted` event.
Media goes on without a signaling connection for `resume_timeout` seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastsfu.auth.tokens import Grant
from fastsfu.events import Participant, Signaler
from fastsfu.tracks import Kind, Source, SubscriptionInfo


class _Unset:
    """The type of UNSET."""


UNSET: Final = _Unset()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to an offer, and whose source each of its receiving sections carries, by mid."""

    sdp: str
    subscriptions: Mapping[str, SubscriptionInfo]


@dataclass(frozen=True, slots=True)
class IceParameters:
    """Our side of ICE, for WHIP's trickle ICE fragments (RFC 9725 section 4.3)."""

    ufrag: str
    password: str
    candidates: tuple[str, ...]  # "candidate:..." lines without "a="

    def __repr__(self) -> str:
        return f"IceParameters(ufrag={self.ufrag!r})"


class Session:
    """One participant's connection. Made by `SFU.open_session`; use it from the event loop's thread.

    Attributes: `id` (the participant's session_id), `room`, `grant`, `name`, `user_data`,
    `joined_at` (seconds since 1970), `resume_key` (secret), `ended` (why it has ended, or None).
    """

    id: str
    grant: Grant
    name: str
    user_data: Any
    joined_at: float
    resume_key: str
    ended: str | None

    @property
    def participant(self) -> Participant:
        """The participant as the others see them now."""
        raise NotImplementedError

    def others(self) -> list[Participant]:
        """The other participants of the room, in order of joining."""
        raise NotImplementedError

    def wanted_sections(self) -> dict[Kind, int]:
        """How many receiving sections the client's next offer should have in all, by kind."""
        raise NotImplementedError

    async def offer(self, sdp: str, tracks: Mapping[str, Source] | None = None) -> Answer:
        """Take an offer, the first or a later one, and answer it.

        `tracks` names the source of sending sections by mid; others get the first free source of
        their kind. New ICE credentials in a later offer restart ICE. Raises OfferError or
        RequestError, and then the session is as it was before.
        """
        raise NotImplementedError

    @property
    def ice(self) -> IceParameters | None:
        """Our side of ICE now; None before the first offer."""
        raise NotImplementedError

    def restart_ice(self, remote_ufrag: str, remote_password: str) -> IceParameters:
        """Restart ICE without an offer (WHIP, WHEP); raises RequestError before the first offer."""
        raise NotImplementedError

    def update_local(
        self,
        sources: Mapping[Source, bool] | None = None,
        *,
        name: str | None = None,
        user_data: Any = UNSET,
    ) -> None:
        """Change what others see: whether each source is on (not muted), the name, the user data.

        Raises RequestError `not-allowed` for a name when the token gives one, and changes nothing.
        """
        raise NotImplementedError

    def update_receive_settings(self, settings: Mapping[str, Mapping[Source, bool]]) -> None:
        """Decline (False) or take back (True) sources of a session id, or of all others by "*".

        What is said of a session id wins over "*". Unknown ids are ignored: they may just have left.
        """
        raise NotImplementedError

    def attach(self, signaler: Signaler) -> None:
        """Talk to the client through `signaler` from now on; one attached before gets `Replaced`."""
        raise NotImplementedError

    def detach(self, signaler: Signaler) -> None:
        """`signaler` is lost: the session ends in `resume_timeout` unless another one is attached.

        Does nothing when `signaler` is not the attached one.
        """
        raise NotImplementedError

    def leave(self, reason: str = "left", info: str = "") -> None:
        """End the session: media stops, everything is freed, the room hears of it. Idempotent.

        The attached signaler gets `Ended`, always and last.
        """
        raise NotImplementedError
