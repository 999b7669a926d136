"""The messages that wait for one client: in order, bounded, and newest state only.

Nothing here waits for a slow reader: `put` never blocks. Messages that tell a state replace an
older one of the same key that has not left yet; a client that lets more than MAX_WAITING pile up,
or does not take some within SEND_SECONDS, does not read and is dropped.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from itertools import count, islice

from fastsfu.http import host_messages, messages, participant_messages, peer_messages
from fastsfu.http.model import Model
from fastsfu.http.patience import Patience
from fastsfu.http.protocol import CloseCode

MAX_WAITING = 1024
SENT_AT_ONCE = 8  # messages
SEND_SECONDS = 10.0


class Outgoing:
    """One client's queue. `run` sends from it until `finish`, or until the client fails to read.

    Nothing leaves before `start`: a session may have news while it is still being opened, and the
    client is to hear of the session first.
    """

    def __init__(self) -> None:
        self._waiting: dict[object, Model] = {}
        self._numbers = count()
        self._wake = asyncio.Event()
        self._started = False
        self._close: tuple[CloseCode, str] | None = None

    def start(self, first: Model) -> None:
        """Send `first`, then what has been put before and what will be."""
        self._waiting = {next(self._numbers): first, **self._waiting}
        self._started = True
        self._wake.set()

    def hold(self) -> None:
        """Send nothing that comes now before the next `start`."""
        self._started = False

    def put(self, message: Model) -> None:
        """Queue a message; after `finish` it is dropped."""
        if self._close is not None:
            return
        key = _state_key(message)
        if key is None:
            key = next(self._numbers)
        # Out and in again, so that it never overtakes a message that came after the older one.
        self._waiting.pop(key, None)
        self._waiting[key] = message
        if len(self._waiting) > MAX_WAITING:
            self._waiting.clear()
            self.finish(CloseCode.TIMEOUT, "client does not read")
        if self._started:
            self._wake.set()

    def finish(self, code: CloseCode, reason: str = "") -> None:
        """Close with this code once everything before it is sent; only the first call counts."""
        if self._close is None:
            self._close = code, reason
            self._wake.set()

    async def run(
        self,
        send: Callable[[list[Model]], Awaitable[None]],
        close: Callable[[int, str], Awaitable[None]],
        at_once: int = SENT_AT_ONCE,
    ) -> None:
        """Send until `finish`, up to so many in one call of `send`. Raises TimeoutError, and what
        `send` raises.
        """
        with closing(Patience(SEND_SECONDS)) as patience:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting and (self._started or self._close is not None):
                    with patience:
                        # No name for them: that would keep the last ones while nothing comes.
                        await send(self._pop(at_once))
                if self._close is not None:
                    with patience:
                        await close(*self._close)
                    return

    def _pop(self, most: int) -> list[Model]:
        """What goes next: not all, since what waits may be replaced by newer states."""
        keys = list(islice(self._waiting, most))
        return [self._waiting.pop(key) for key in keys]


def _state_key(message: Model) -> object | None:
    """What the message tells the newest state of; None when each such message counts."""
    match message:
        case (
            messages.SectionsMessage()
            | messages.ActiveSpeaker()
            | participant_messages.HiddenParticipants()
            | messages.LimitsMessage()
            | host_messages.RoomUpdated()
            | host_messages.SessionData()
            | host_messages.WaitingParticipantsMessage()
            | messages.Connection()
            | peer_messages.TopologyMessage()
        ):
            return type(message)
        case messages.VideoSuspended():
            return type(message), message.session_id, message.source
        case participant_messages.ParticipantUpdated():
            return message.participant.session_id
    return None
