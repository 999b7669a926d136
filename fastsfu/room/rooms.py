"""The rooms of an SFU by name, and its sessions by id."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from fastsfu.config import Config
from fastsfu.errors import RequestError
from fastsfu.messages.exchange import MessageCounts, OnAppMessage
from fastsfu.room.room import OnJoin, OnLeave, OnTopology, Room
from fastsfu.session.channels import OnChannel
from fastsfu.session.session import Session
from fastsfu.terms import Carried, P2pPolicy, TopologyProperty


class Rooms:
    """Iterates over the rooms. `name in rooms`, `len(rooms)`.

    One that its first session made goes with the last, or when none of those who lost theirs comes
    back within `resume_timeout`: until then app messages are kept for them.
    """

    def __init__(
        self,
        config: Config,
        on_join: OnJoin | None = None,
        on_leave: OnLeave | None = None,
        on_topology: OnTopology | None = None,
        on_app_message: OnAppMessage | None = None,
        on_channel: OnChannel | None = None,
    ) -> None:
        """The arguments are for rooms that say nothing else themselves."""
        self.sessions: dict[str, Session] = {}
        self._config = config
        self._on_join = on_join
        self._on_leave = on_leave
        self._on_topology = on_topology
        self._on_app_message = on_app_message
        self._on_channel = on_channel
        self._rooms: dict[str, Room] = {}
        self._kept: set[str] = set()  # made by `create`, so not dropped when empty
        self._hooks: set[asyncio.Future[None]] = set()  # hooks that still run
        self.message_counts = MessageCounts()
        self._vacated = asyncio.Event()
        self._is_open = False

    def create(
        self,
        name: str,
        *,
        max_participants: int | None = None,
        starts_at: float | None = None,
        ends_at: float | None = None,
        topology: TopologyProperty | None = None,
        p2p_policy: P2pPolicy | None = None,
        back_to_p2p_after: float | None = None,
        on_join: OnJoin | None = None,
        on_leave: OnLeave | None = None,
        on_topology: OnTopology | None = None,
        on_app_message: OnAppMessage | None = None,
        on_channel: OnChannel | None = None,
    ) -> Room:
        """Make a room that stays until deleted, or the SFU closes; times in seconds since 1970.

        What is not given is as the configuration says. Raises RequestError when there is a room of
        this name already, or for what contradicts itself.
        """
        if name in self._rooms:
            raise RequestError(f"There is a room {name!r} already.")
        room = self._rooms[name] = Room(
            name,
            max_participants=max_participants or self._config.max_participants,
            starts_at=starts_at,
            ends_at=ends_at,
            topology=topology or self._config.topology,
            p2p_policy=p2p_policy or self._config.p2p_policy,
            back_to_p2p_after=back_to_p2p_after or self._config.back_to_p2p_after,
            on_join=on_join or self._on_join,
            on_leave=on_leave or self._on_leave,
            on_topology=on_topology or self._on_topology,
            on_app_message=on_app_message or self._on_app_message,
            on_channel=on_channel or self._on_channel,
            max_app_message_bytes=self._config.max_app_message_bytes,
            message_counts=self.message_counts,
            on_left=self._left,
            on_carrier=self._carrier_changed,
            on_given_up=self._drop_if_empty,
        )
        self._kept.add(name)
        if self._is_open:
            room.open()
        return room

    def get(self, name: str) -> Room | None:
        """The room of this name, if there is one now."""
        return self._rooms.get(name)

    def delete(self, name: str) -> None:
        """End everybody's session in it (`ejected`) and forget it; raises KeyError."""
        room = self._rooms.pop(name)
        self._kept.discard(name)
        room.close("ejected")

    def __iter__(self) -> Iterator[Room]:
        return iter(list(self._rooms.values()))

    def __len__(self) -> int:
        return len(self._rooms)

    def __contains__(self, name: object) -> bool:
        return name in self._rooms

    async def admit(self, name: str, session_of: Callable[[Room], Session]) -> Session:
        """Let a new session into the room of this name, which is made when there is none.

        Raises JoinError, also the one of an on_join hook.
        """
        room = self._rooms.get(name)
        if room is None:
            room = self.create(name)
            self._kept.discard(name)
        session = None
        try:
            session = session_of(room)
            await room.admit(session)
        except BaseException:
            if session is not None:
                session.leave("not-allowed")
            self._drop_if_empty(room)
            raise
        self.sessions[session.id] = session
        return session

    def open(self) -> None:
        """Begin to watch the rooms' times; called in the event loop."""
        self._is_open = True
        for room in self:
            room.open()

    async def close(self, reason: str) -> None:
        """End all sessions and rooms, and wait for their hooks."""
        self._is_open = False
        for room in self:
            room.close(reason)
        self._rooms.clear()
        self._kept.clear()
        if self._hooks:
            await asyncio.wait(self._hooks)

    async def vacated(self) -> None:
        """Wait until the last session has left."""
        self._vacated.clear()
        if self.sessions:
            await self._vacated.wait()

    def _left(self, room: Room, session: Session, reason: str) -> None:
        self.sessions.pop(session.id, None)
        if not self.sessions:
            self._vacated.set()
        if room.on_leave is not None:
            self._run(room.on_leave, session, reason)
        self._drop_if_empty(room)

    def _carrier_changed(self, room: Room, carrier: Carried) -> None:
        if room.on_topology is not None:
            self._run(room.on_topology, room, carrier)

    def _run(self, hook: Callable[..., Awaitable[None] | None], *arguments: Any) -> None:
        running = asyncio.ensure_future(_call(hook, *arguments))
        self._hooks.add(running)
        running.add_done_callback(self._hook_done)

    def _drop_if_empty(self, room: Room) -> None:
        name = room.name
        if room.empty and name not in self._kept and self._rooms.get(name) is room:
            del self._rooms[name]

    def _hook_done(self, hook: asyncio.Future[None]) -> None:
        """A hook's fault goes to the loop's handler: what it was told of has happened anyway."""
        self._hooks.discard(hook)
        if not hook.cancelled() and (error := hook.exception()):
            hook.get_loop().call_exception_handler(
                {"message": "a hook of a room failed", "exception": error, "future": hook}
            )


async def _call(hook: Callable[..., Awaitable[None] | None], *arguments: Any) -> None:
    result = hook(*arguments)
    if inspect.isawaitable(result):
        await result
