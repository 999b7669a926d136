"""The SFU: owner of the media engine and the rooms, and the point of embedding.

    async with SFU(Config()) as sfu:
        session = await sfu.open_session("standup", token=token, signaler=signaler)
        answer = await session.offer(sdp)

Nothing is opened before it is entered; on leaving it, all sessions end with `end-of-life`.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

from fastsfu.auth.tokens import Grant, Tokens
from fastsfu.config import RELOADABLE, Config
from fastsfu.engine import opening
from fastsfu.engine.figures import Figures
from fastsfu.engine.media import MediaEngine
from fastsfu.engine.workers import Workers
from fastsfu.errors import JoinError, TokenError
from fastsfu.events import Failure, Moved, Signaler
from fastsfu.messages.exchange import OnAppMessage
from fastsfu.options import AUTO
from fastsfu.public_address import is_asked_for, located
from fastsfu.room.departure import Handover
from fastsfu.room.gates import Gates, OnJoin
from fastsfu.room.lobby import Waiting
from fastsfu.room.observer import Observer
from fastsfu.room.records import InMemory, Records
from fastsfu.room.room import OnLeave, OnTopology, Room
from fastsfu.room.rooms import Rooms
from fastsfu.session.arrival import Arrival
from fastsfu.session.channels import OnChannel
from fastsfu.session.quotas import Quotas
from fastsfu.session.session import Session

END_OF_LIFE: Final = "end-of-life"


class SFU(Figures):
    """One server's calls. Async context manager; all methods belong to the event loop's thread.

    Attributes: `config`, `rooms`, `records`, `tokens` (signs and verifies; with a random secret
    when the configuration has none), `handover` (of the calls to another process, or from it),
    `beside` (what is entered after it, and left when all sessions have ended).
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        on_join: OnJoin | None = None,
        on_leave: OnLeave | None = None,
        on_topology: OnTopology | None = None,
        on_app_message: OnAppMessage | None = None,
        on_channel: OnChannel | None = None,
        observers: Iterable[Observer] = (),
        records: Records | None = None,
        beside: Iterable[AbstractAsyncContextManager[object]] = (),
        open_engines: Callable[[Config], Sequence[MediaEngine]] | None = None,
        on_bound: Callable[[], None] = lambda: None,
    ) -> None:
        """The hooks are those of rooms that have none of their own (Gates and Room describe them).

        `observers` are told what happens in all rooms (room/observer.py describes it).
        `records` keep what is to outlive the rooms (room/records.py); default: in memory.
        `open_engines` makes the media engines when the SFU is entered; without it, `on_bound` is
        called then, when all ports are open and no media thread runs yet.
        """
        self.config = Config() if config is None else config
        self.tokens = Tokens(self.config.secret, self.config.former_secrets)
        self.records = InMemory() if records is None else records
        self.beside = list(beside)
        self._opened = AsyncExitStack()  # what is left when the SFU is
        self.rooms = Rooms(
            self.config,
            self.tokens.resume_keys,
            Gates(on_join=on_join, on_app_message=on_app_message, on_channel=on_channel),
            on_leave,
            on_topology,
            observers,
            self.records,
        )
        self.handover = Handover(self.rooms, self.records, self.config.resume_timeout)
        self._open_engines = open_engines or partial(opening.open_engines, on_bound=on_bound)
        self._quotas = Quotas(self.config)
        self._workers: Workers | None = None
        self._is_draining = self._is_open = False

    async def __aenter__(self) -> Self:
        if self._workers is not None:
            raise RuntimeError("the SFU is running already")
        if is_asked_for(self.config):
            self.config = await asyncio.to_thread(located, self.config)
        async with AsyncExitStack() as opened:
            workers = Workers(
                self._open_engines(self.config),
                spread_at=self.config.spread_at,
                patience=self.config.worker_timeout,
            )
            self._workers = workers
            opened.callback(self._close_workers, workers)
            found = await self.records.open()
            opened.push_async_callback(self.records.close)
            for each in self.beside:
                await opened.enter_async_context(each)
            self.rooms.open(found)
            opened.push_async_callback(self.rooms.close, END_OF_LIFE)
            self._opened = opened.pop_all()
        self._is_draining, self._is_open = False, True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_draining = True
        try:
            await self._opened.aclose()
        finally:
            self._is_open = False

    @property
    def running(self) -> bool:
        """True while entered."""
        return self._is_open

    @property
    def ready(self) -> bool:
        """True while new sessions are taken: entered, not draining, and a worker lives."""
        is_going = self._is_draining or self.handover.is_under_way
        return self._is_open and self.is_alive and not is_going

    @property
    def is_alive(self) -> bool:
        """A worker lives."""
        return self._workers is not None and self._workers.alive

    def listen_tcp(self, port: int, tls_name: str | None) -> None:
        """Tell clients from now on that media is taken over TCP at this port (RFC 6544, TURN).

        `tls_name` is a name of the certificate; None: our addresses are.
        """
        for engine in self.engines:
            engine.listen_tcp(port, tls_name)

    def open_turn_port(self, port: int) -> None:
        """Relay at this further UDP port too, of which clients are told; raises OSError."""
        self.engines[0].open_turn_port(self.config.host, port)
        for engine in self.engines:
            engine.tell_turn_port(port)
        self.config = self.config.model_copy(update={"turn_port": port})

    def engine_of(self, ufrag: str) -> MediaEngine:
        """The engine whose session has this ICE username fragment; one that lives for others."""
        return self._running().engine_of(ufrag)

    @property
    def sessions(self) -> Mapping[str, Session]:
        """All live sessions by id."""
        return MappingProxyType(self.rooms.sessions)

    def token(self, room: str | None, **claims: Any) -> str:
        """Sign a meeting token for `room`; `claims` as for `Tokens.sign`."""
        return self.tokens.sign(room, **claims)

    async def open_session(
        self,
        room: str,
        *,
        token: str | None = None,
        grant: Grant | None = None,
        name: str = "",
        user_data: Any = None,
        signaler: Signaler | None = None,
        watch: str | None = None,
        p2p: bool = False,
        confirms: bool = False,
        maps: bool = False,
        limits: bool = False,
        replaces: tuple[str, str] | None = None,
        listens: bool = False,
    ) -> Session:
        """Let somebody in, by token, or by a grant that the caller made.

        Without both, only when `config.open_rooms`. Without a signaler the session lives until it
        leaves or its media path is lost. The others are those of `Arrival`, which describes them.
        Raises TokenError or JoinError (`end-of-life` while draining, `no-capacity` when full).
        """
        self._require_ready()
        arrival = Arrival(
            grant=self.grant(room, token, replaces) if grant is None else grant,
            name=name,
            user_data=user_data,
            watch=watch,
            p2p=p2p,
            confirms=confirms,
            maps=maps,
            limits=limits,
            replaces=replaces,
            listens=listens,
        )
        return await self.admit(room, arrival, signaler)

    def knock(self, room: str, arrival: Arrival) -> Waiting | None:
        """A place in the room's waiting room, when the client has to be let in by a host there.

        `await waiting.answered()` gives what `admit` takes. Raises JoinError.
        """
        self._require_ready()
        return self.rooms.knock(room, arrival)

    async def admit(self, room: str, arrival: Arrival, signaler: Signaler | None = None) -> Session:
        """Let a client in whose grant is known; raises JoinError, as `open_session` does."""
        self._require_ready()
        workers = self._running()

        def session_of(where: Room) -> Session:
            who = where.succession.as_before(arrival)
            account = self._quotas.open(room, who.grant)
            try:
                return Session(where, workers.place(where), self.config, who, account)
            except BaseException:
                account.close()
                raise

        session = await self.rooms.admit(room, session_of)
        if signaler is not None:
            session.attach(signaler)
        return session

    def grant(self, room: str, token: str | None, replaces: tuple[str, str] | None = None) -> Grant:
        """What a token allows in this room, or no token where rooms are open; raises TokenError.

        One that has expired opens what it did for the session that its holder lost (`replaces`, as
        of an Arrival).
        """
        if token is not None:
            return self._verify(token, room, replaces)
        if self.config.open_rooms:
            return Grant(room=room)
        raise TokenError("not-allowed", "A token for the room is needed.")

    def resume(self, session_id: str, resume_key: str, signaler: Signaler) -> Session:
        """Attach a new signaling connection to a live session; raises JoinError.

        `no-room`: no such session (any more); `not-allowed`: wrong key.
        """
        session = self.rooms.sessions.get(session_id)
        if session is None:
            raise JoinError("no-room", "The session has ended.")
        if not session.matches(resume_key):
            raise JoinError("not-allowed", "The resume key is not that of the session.")
        session.attach(signaler)
        session.room.peering.resumed(session)
        return session

    def reconfigure(self, config: Config) -> set[str]:
        """Go on with the options of `config` that need no new start; the names of those that do.

        Who is in keeps what was so when it came; a live room's options are its own.
        """
        if config.media_ips == [AUTO]:  # which has been found out
            config = config.model_copy(update={"media_ips": self.config.media_ips})
        changed = self.config.changed_in(config)
        taken = {name: getattr(config, name) for name in changed & RELOADABLE}
        self.config = self.config.model_copy(update=taken)
        self.tokens.rotate(self.config.secret, self.config.former_secrets)
        self.rooms.reconfigure(self.config)
        self._quotas.config = self.config
        return changed - RELOADABLE

    async def vacate(self, timeout: float) -> None:
        """Wait until all have left; after `timeout` seconds the rest ends with `end-of-life`."""
        try:
            async with asyncio.timeout(timeout):
                await self.rooms.vacated()
        except TimeoutError:
            await self.rooms.close(END_OF_LIFE)

    async def drain(self, timeout: float | None = None) -> None:
        """Take no new sessions, tell the clients, wait until all have left.

        Who can is sent to the first of `config.alternates` (`Moved`), others are told (`Failure`
        end-of-life), unless another process may take the calls yet (`config.control`). After
        `timeout` s (default `config.drain_timeout`) the rest ends with that.
        """
        self._is_draining = True
        seconds = self.config.drain_timeout if timeout is None else timeout
        notice = Failure(END_OF_LIFE, f"The server stops in {seconds:.0f} s.")
        where = self.config.alternates
        for session in self.sessions.values():
            if session.moves and where:
                session.tell(Moved(where[0], tuple(where[1:])))
            elif self.config.control is None:
                session.tell(notice)
        await self.vacate(seconds)

    def _close_workers(self, workers: Workers) -> None:
        self._workers = None
        workers.close()

    def _require_ready(self) -> None:
        if not self.ready:
            raise JoinError(END_OF_LIFE, "The server takes no new calls.")

    def _verify(self, token: str, room: str, replaces: tuple[str, str] | None) -> Grant:
        """What a token grants; one that has expired, what the session had that it goes on with."""
        try:
            return self.tokens.verify(token, room)
        except TokenError as error:
            where = self.rooms.get(room)
            granted = where.granted(*replaces) if where and replaces else None
            if error.type != "exp-token" or granted is None:
                raise
        self.tokens.verify(token, room, begun=True)
        return granted
