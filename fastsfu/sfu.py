"""The SFU: owner of the media engine and the rooms, and the point of embedding.

    async with SFU(Config()) as sfu:
        session = await sfu.open_session("standup", token=token, signaler=signaler)
        answer = await session.offer(sdp)

Nothing is opened before it is entered; on leaving it, all sessions end with `end-of-life`.
"""

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import numpy.typing as npt

from fastsfu.auth.tokens import Grant, Tokens
from fastsfu.config import Config
from fastsfu.engine import MediaEngine
from fastsfu.events import Signaler
from fastsfu.room import OnJoin, OnLeave, Room
from fastsfu.session import Session


class Rooms:
    """The rooms by name; iterates over them. `name in rooms`, `len(rooms)`."""

    def create(
        self,
        name: str,
        *,
        max_participants: int | None = None,
        starts_at: float | None = None,
        ends_at: float | None = None,
        on_join: OnJoin | None = None,
        on_leave: OnLeave | None = None,
    ) -> Room:
        """Make a room that stays until it is deleted; times in seconds since 1970.

        Raises RequestError when there is a room of this name already.
        """
        raise NotImplementedError

    def get(self, name: str) -> Room | None:
        """The room of this name, if there is one now."""
        raise NotImplementedError

    def delete(self, name: str) -> None:
        """End everybody's session in it (`ejected`) and forget it; raises KeyError."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Room]:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def __contains__(self, name: object) -> bool:
        raise NotImplementedError


class SFU:
    """One server's calls. Async context manager; all methods belong to the event loop's thread.

    Attributes: `config`, `rooms`, `tokens` (signs and verifies; with a random secret when the
    configuration has none), `on_join` and `on_leave` (hooks of rooms that have none of their own).
    """

    config: Config
    rooms: Rooms
    tokens: Tokens
    on_join: OnJoin | None
    on_leave: OnLeave | None

    def __init__(
        self,
        config: Config | None = None,
        *,
        open_engine: Callable[[Config], MediaEngine] = MediaEngine.open,
    ) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        raise NotImplementedError

    @property
    def running(self) -> bool:
        """True while entered."""
        raise NotImplementedError

    @property
    def ready(self) -> bool:
        """True while new sessions are taken: entered and not draining."""
        raise NotImplementedError

    @property
    def sessions(self) -> dict[str, Session]:
        """All live sessions by id."""
        raise NotImplementedError

    def token(self, room: str, **claims: Any) -> str:
        """Sign a meeting token for `room`; `claims` as for `Tokens.sign`."""
        raise NotImplementedError

    async def open_session(
        self,
        room: str,
        *,
        token: str | None = None,
        grant: Grant | None = None,
        name: str = "",
        user_data: Any = None,
        signaler: Signaler | None = None,
        hidden: bool = False,
        watch: str | None = None,
    ) -> Session:
        """Let somebody in, by token, or by a grant that the caller made.

        Without both, only when `config.open_rooms`. The token's name wins over `name`. Without a
        signaler (WHIP, WHEP) the session lives until it leaves or its media path is lost. `hidden`
        sessions only watch: nobody is told of them. `watch` restricts what is received to one
        session id. Raises TokenError or JoinError (also `end-of-life` while draining).
        """
        raise NotImplementedError

    def resume(self, session_id: str, resume_key: str, signaler: Signaler) -> Session:
        """Attach a new signaling connection to a live session; raises JoinError.

        `no-room`: no such session (any more); `not-allowed`: wrong key.
        """
        raise NotImplementedError

    async def drain(self, timeout: float | None = None) -> None:
        """Take no new sessions, tell the clients (`Failure` end-of-life), wait until all have left.

        After `timeout` seconds (default `config.drain_timeout`) the rest ends with `end-of-life`.
        """
        raise NotImplementedError

    def snapshot(self) -> npt.NDArray[Any]:
        """Counters of all live RTP streams: structured array, one row a stream."""
        raise NotImplementedError

    def counters(self) -> dict[str, int]:
        """Totals of the media workers: messages, packets, drops by reason, marks of the pools."""
        raise NotImplementedError
