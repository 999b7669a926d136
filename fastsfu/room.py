"""A room: who is in, and what each of them publishes for the others."""

from collections.abc import Awaitable, Callable, Mapping

from fastsfu.events import Participant
from fastsfu.session import Session

OnJoin = Callable[[Session], Awaitable[None] | None]
OnLeave = Callable[[Session, str], Awaitable[None] | None]


class Room:
    """Made by `sfu.rooms.create`, or by the first who joins with a token for it.

    Attributes: `name`, `max_participants`, `starts_at` and `ends_at` (seconds since 1970, or None),
    `on_join` (called before a session is in; may raise JoinError to refuse it), `on_leave` (called
    after, with the reason). Hooks may be coroutine functions.
    """

    name: str
    max_participants: int
    starts_at: float | None
    ends_at: float | None
    on_join: OnJoin | None
    on_leave: OnLeave | None

    @property
    def sessions(self) -> Mapping[str, Session]:
        """The live sessions by id, in order of joining; hidden ones (WHEP) too."""
        raise NotImplementedError

    @property
    def participants(self) -> list[Participant]:
        """Who is in, in order of joining, without hidden sessions."""
        raise NotImplementedError

    @property
    def active_speaker(self) -> str | None:
        """The session id of who speaks now."""
        raise NotImplementedError

    def eject(self, session_id: str, reason: str = "ejected") -> None:
        """End somebody's session; raises KeyError when there is none of this id in the room."""
        raise NotImplementedError
