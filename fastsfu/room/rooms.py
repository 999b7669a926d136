"""The rooms of an SFU by name, and its sessions by id."""

import asyncio
import bisect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, TypedDict, Unpack

from fastsfu import hooks
from fastsfu.auth.resume_keys import ResumeKeys
from fastsfu.config import Config
from fastsfu.errors import JoinError, RequestError
from fastsfu.messages.exchange import OnAppMessage
from fastsfu.messages.mailbox import MessageCounts
from fastsfu.room.bans import Bans
from fastsfu.room.gates import Gates, OnJoin
from fastsfu.room.lobby import Waiting
from fastsfu.room.notices import Notice
from fastsfu.room.observer import Observer, Observers
from fastsfu.room.options import RoomOptions
from fastsfu.room.records import Found, InMemory, Records
from fastsfu.room.room import OnLeave, OnTopology, Room
from fastsfu.room.succession import RoomState
from fastsfu.session.arrival import Arrival
from fastsfu.session.channels import OnChannel
from fastsfu.session.outcomes import Outcomes
from fastsfu.session.session import Session
from fastsfu.terms import Carried, P2pPolicy, TopologyProperty

NO_OPTIONS = RoomOptions()
NO_GATES = Gates()


class GivenOptions(TypedDict, total=False):
    """Those of RoomOptions, by name; None is as if it were not there."""

    max_participants: int | None
    starts_at: float | None
    ends_at: float | None
    topology: TopologyProperty | None
    p2p_policy: P2pPolicy | None
    back_to_p2p_after: float | None
    audio_forward: int | None
    opus_dtx: bool | None
    locked: bool | None
    enable_knocking: bool | None
    enforce_unique_user_ids: bool | None


class Rooms:
    """Iterates over the rooms. `name in rooms`, `len(rooms)`.

    One that its first session made goes with the last, or when none of those who lost theirs comes
    back within `resume_timeout`: until then app messages are kept for them.
    """

    def __init__(
        self,
        config: Config,
        resume_keys: ResumeKeys,
        gates: Gates = NO_GATES,
        on_leave: OnLeave | None = None,
        on_topology: OnTopology | None = None,
        observers: Iterable[Observer] = (),
        records: Records | None = None,
    ) -> None:
        """Gates and hooks are for rooms that have none of their own."""
        self.sessions: dict[str, Session] = {}
        self.defaults = RoomOptions.of(config)
        self.max_app_message_bytes = config.max_app_message_bytes
        self.message_counts = MessageCounts()
        self.outcomes = Outcomes()
        self.resume_keys = resume_keys
        self._gates = gates
        self._on_leave = on_leave
        self._on_topology = on_topology
        self._records = InMemory() if records is None else records
        self.bans = Bans(self._records)
        self._observers = Observers([self._records, *observers])
        self._rooms: dict[str, Room] = {}
        self._names: list[str] = []  # of them, in order
        self._kept: set[str] = set()  # made by `create`, so not dropped when empty
        self._hooks: set[asyncio.Future[None]] = set()  # hooks that still run
        self._vacated = asyncio.Event()
        self.somebody_left = asyncio.Event()
        self._is_open = False

    def create(
        self,
        name: str,
        options: RoomOptions = NO_OPTIONS,
        *,
        on_join: OnJoin | None = None,
        on_leave: OnLeave | None = None,
        on_topology: OnTopology | None = None,
        on_app_message: OnAppMessage | None = None,
        on_channel: OnChannel | None = None,
        **given: Unpack[GivenOptions],
    ) -> Room:
        """Make a room that stays until deleted, or the SFU closes.

        What it is may be said by `options` or by their names; what is neither is as the
        configuration says. Raises RequestError when there is a room of this name already, or for
        what is wrong or contradicts itself.
        """
        if self._is_open:
            asyncio.get_running_loop()  # raises in another thread, before anything has changed
        if name in self._rooms:
            raise RequestError(f"There is a room {name!r} already.")
        said = {option: value for option, value in given.items() if value is not None}
        gates = Gates(on_join=on_join, on_app_message=on_app_message, on_channel=on_channel)
        room = Room(
            name,
            options.changed(**said).over(self.defaults),
            gates.over(self._gates),
            self,
            on_leave=on_leave or self._on_leave,
            on_topology=on_topology or self._on_topology,
        )
        self._rooms[name] = room
        bisect.insort(self._names, name)
        self._kept.add(name)
        if self._is_open:
            room.open()
        return room

    def get(self, name: str) -> Room | None:
        """The room of this name, if there is one now."""
        return self._rooms.get(name)

    def page(self, after: str = "", limit: int = 100) -> list[Room]:
        """The rooms whose names come after this one, in order of their names, so many at most."""
        first = bisect.bisect_right(self._names, after)
        return [self._rooms[name] for name in self._names[first : first + limit]]

    def stays(self, room: Room) -> bool:
        """It was made by `create`, and so is there until it is deleted."""
        return room.name in self._kept

    def delete(self, name: str) -> None:
        """End everybody's session in it (`ejected`) and forget it; raises KeyError."""
        self._end(name)
        self.bans.forget(name)

    def leave_out(self, name: str) -> None:
        """It is none of ours: end it here alone; raises KeyError."""
        self._end(name)
        self.bans.leave_out(name)

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
            self.bans.check(name, session.grant, self._origin(name, session.replaces))
            await room.admit(session)
            self.sessions[session.id] = session
            awaits_frame = not session.is_direct and _shows(room)
            session.path.diary.joined(session.origin, awaits_frame=awaits_frame)
            await self._records.settled()  # before its client hears that it is in
            if session.ended is not None:
                raise JoinError("not-allowed", f"The session has ended: {session.ended}.")
        except BaseException:
            if session is not None:
                session.leave("not-allowed")
            self.given_up(room)
            raise
        return session

    def states(self) -> list[RoomState]:
        """Of all of them, for another process, which goes on with them from then on."""
        return [self._state_of(room) for room in self]

    def expect(self, state: RoomState, patience: float) -> None:
        """Go on with a room of the process before; `patience`: seconds for its guests to come."""
        if (room := self._rooms.get(state.name)) is None:
            room = self.create(state.name, RoomOptions.model_validate(state.options))
            if not state.is_kept:
                self._kept.discard(state.name)
        elif (options := RoomOptions.model_validate(state.options)) != room.options:
            room.update(options)  # since it was read from the records
        room.created_at = state.created_at or room.created_at
        room.standing.changed.update(state.standing)
        room.standing.names.update(state.names)
        room.succession.expect(state.guests, state.carrier, patience)

    def reconfigure(self, config: Config) -> None:
        """Rooms that are made from now on are as this configuration says."""
        self.defaults = RoomOptions.of(config)
        self.max_app_message_bytes = config.max_app_message_bytes

    def knock(self, name: str, arrival: Arrival) -> Waiting | None:
        """A place in the waiting room, for whom the room has to be asked; raises JoinError."""
        room = self._rooms.get(name)
        if room is None or not room.asks_for(arrival):
            return None
        self.bans.check(name, arrival.grant, self._origin(name, arrival.replaces))
        return room.lobby.enter(arrival)

    def open(self, found: Found) -> None:
        """Bring back what was kept, and begin to watch the rooms' times; in the event loop."""
        for record in found.rooms:
            if record.name not in self._rooms:  # the application's own come first
                self.create(record.name, record.options).created_at = record.created_at
        self.bans.adopt(found.bans)
        self._is_open = True
        for notice in found.unfinished:
            self.tell(notice)
        for room in self:
            room.open()

    async def close(self, reason: str) -> None:
        """End all sessions and rooms, and wait for their hooks."""
        self._is_open = False
        for room in self:
            room.close(reason)
        self._rooms.clear()
        self._names.clear()
        self._kept.clear()
        if self._hooks:
            await asyncio.wait(self._hooks)
        await self._observers.close()

    async def vacated(self) -> None:
        """Wait until the last session has left."""
        self._vacated.clear()
        if self.sessions:
            await self._vacated.wait()

    def _origin(self, name: str, replaces: tuple[str, str] | None) -> str | None:
        """Of the session that a client proves to have lost."""
        return replaces and self.resume_keys.origin(name, *replaces)

    # What its rooms call.

    def left(self, room: Room, session: Session, reason: str) -> None:
        self.sessions.pop(session.id, None)
        self.somebody_left.set()
        account, diary = session.account, session.path.diary
        if room.is_leaving:
            room.succession.had(session)
            diary.moved()
        else:
            diary.left(reason, account.received_bytes, account.sent_bytes)
        if not self.sessions:
            self._vacated.set()
        if room.on_leave is not None:
            self._run(room.on_leave, session, reason)
        self.given_up(room)

    def carrier_changed(self, room: Room, carrier: Carried) -> None:
        if room.on_topology is not None:
            self._run(room.on_topology, room, carrier)

    def given_up(self, room: Room) -> None:
        name = room.name
        if room.empty and name not in self._kept and self._rooms.get(name) is room:
            del self._rooms[name]
            self._forget_name(name)
            room.close("empty")

    def tell(self, notice: Notice) -> None:
        self._observers.tell(notice)

    def _state_of(self, room: Room) -> RoomState:
        room.is_leaving = True
        room.exchange.keep_all()
        return RoomState(
            name=room.name,
            options=room.options.model_dump(),
            is_kept=room.name in self._kept,
            created_at=room.created_at,
            carrier=room.peering.carrier,
            standing=room.standing.changed,
            names=room.standing.names,
            guests=room.succession.guests(room.sessions.values()),
        )

    def _end(self, name: str) -> None:
        room = self._rooms.pop(name)
        self._forget_name(name)
        self._kept.discard(name)
        room.close("ejected")

    def _forget_name(self, name: str) -> None:
        del self._names[bisect.bisect_left(self._names, name)]

    def _run(self, hook: Callable[..., Awaitable[None] | None], *arguments: Any) -> None:
        running = asyncio.ensure_future(hooks.ask(hook, *arguments))
        self._hooks.add(running)
        running.add_done_callback(self._hook_done)

    def _hook_done(self, hook: asyncio.Future[None]) -> None:
        """A hook's fault goes to the loop's handler: what it was told of has happened anyway."""
        self._hooks.discard(hook)
        if not hook.cancelled() and (error := hook.exception()):
            hook.get_loop().call_exception_handler(
                {"message": "a hook of a room failed", "exception": error, "future": hook}
            )


def _shows(room: Room) -> bool:
    """A camera is on in it."""
    return any("video" in room.sessions[each].publisher.passing for each in room.cameras)
