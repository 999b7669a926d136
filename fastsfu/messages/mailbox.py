"""A client's mailbox: what it has sent (the last number taken over) and what it is still to get.

It outlives a session that is lost, so that the client finds it again when it joins anew. It is
bounded. What finds no room is not kept, and its client is told in that place how many are missing:
one slow receiver costs the others nothing.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from fastsfu.transport import frames

MAX_KEPT = 1000  # messages of one mailbox, written and not acknowledged ones too
MAX_KEPT_BYTES = 4 * 1024 * 1024
FRAME_BYTES = 16 * 1024  # a frame gets no further message from here on


class Link(Protocol):
    """The channel through which a mailbox's client is reached now."""

    def write(self, frame: bytes) -> bool:
        """Send a frame; False: there is no room, and `Mailbox.flush` is called when there is."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mailbox on its way to another process: what waits, as text, or how many find no room."""

    origin: str
    received: int
    waiting: list[str | int]


@dataclass(slots=True)
class MessageCounts:
    """Of all rooms, since the server began."""

    received: int = 0  # from clients
    delivered: int = 0  # to clients, which acknowledged them
    missed: int = 0  # found no room in a client's mailbox


class Mailbox:
    """One client's. `origin` is the session id under which it first came."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.session_id = origin
        self.received = 0  # last number taken over from the client
        self.counts = MessageCounts()
        self._link: Link | None = None
        self._metadata: dict[str, bytes] = {}  # frames that wait, by session id: the newest of each
        self._waiting: deque[bytes | _Gap] = deque()
        self._written: deque[bytes | _Gap] = deque()  # to this link, and not acknowledged
        self._acknowledged = 0  # messages of this link
        self._bytes = 0
        self._gap = 0  # messages that found no room since the last one that did
        self._is_whole = True  # no part of it is at another process
        self._when_whole: list[Callable[[], None]] = []

    def hold(self) -> None:
        """What it had at the process before is to come: nobody opens it before."""
        self._is_whole = False

    def complete(self, mail: Mail | None) -> None:
        """It came, or (None) does not. Idempotent."""
        if self._is_whole:
            return
        self._is_whole = True
        if mail is not None:
            self.received = mail.received
            before = [
                _Gap(each) if isinstance(each, int) else each.encode() for each in mail.waiting
            ]
            self._waiting.extendleft(reversed(before))
            self._bytes += sum(len(each) for each in before if isinstance(each, bytes))
        waiting, self._when_whole = self._when_whole, []
        for action in waiting:
            action()

    def when_whole(self, action: Callable[[], None]) -> None:
        """Call it once nothing more is to come from another process."""
        if self._is_whole:
            action()
        else:
            self._when_whole.append(action)

    def pack(self) -> Mail:
        """For another process: what the client has not acknowledged."""
        self._link = None
        self._close_gap()
        items = [*self._written, *self._waiting]
        texts = [each.count if isinstance(each, _Gap) else each.decode() for each in items]
        return Mail(self.origin, self.received, texts)

    def open(self, link: Link) -> None:
        """The client says hello on a channel: what it has not acknowledged goes over this one."""
        if self._link is link:
            return
        self._link = link
        self._metadata.clear()  # who joins anew was told all of it
        self._waiting.extendleft(reversed(self._written))
        self._written.clear()
        self._acknowledged = 0

    def shut(self) -> None:
        """The channel is lost."""
        self._link = None

    def put(self, fragment: bytes) -> None:
        """Keep a message for the client, if there is room."""
        if not self._has_room(1 if not self._gap else 2):
            self._gap += 1
            self.counts.missed += 1
            return
        self._close_gap()
        self._waiting.append(fragment)
        self._bytes += len(fragment)

    def describe(self, session_id: str, frame: bytes) -> None:
        """Tell the client a participant's metadata, by the channel if there is one now."""
        if self._link is not None:
            self._metadata[session_id] = frame
            self.flush()

    def forget(self, session_id: str) -> None:
        """A participant has left."""
        self._metadata.pop(session_id, None)

    def acknowledge(self, count: int) -> None:
        """The client has got so many messages over this link."""
        while self._written and self._acknowledged < count:
            item = self._written.popleft()
            if not isinstance(item, _Gap):
                self._acknowledged += 1
                self.counts.delivered += 1
                self._bytes -= len(item)
        if self._gap and self._has_room(2):
            self._close_gap()
        self.flush()

    def flush(self) -> None:
        """Write what the link takes now."""
        while self._metadata and self._link is not None:
            session_id = next(iter(self._metadata))
            if not self._link.write(self._metadata[session_id]):
                return
            del self._metadata[session_id]
        while self._waiting and self._link is not None:
            items = self._next()
            first = items[0]
            if isinstance(first, _Gap):
                frame = frames.write(frames.Lost(count=first.count))
            else:
                frame = frames.messages_frame(items)  # type: ignore[arg-type]
            if not self._link.write(frame):
                return
            for _ in items:
                self._written.append(self._waiting.popleft())

    def _next(self) -> "list[bytes | _Gap]":
        """A gap, or the messages of one frame."""
        items: list[bytes | _Gap] = []
        size = 0
        for item in self._waiting:
            if isinstance(item, _Gap):
                return items or [item]
            if items and size + len(item) > FRAME_BYTES:
                break
            items.append(item)
            size += len(item)
        return items

    def _has_room(self, share: int) -> bool:
        """After a gap half of all has to be free, or every second message would be one."""
        kept = len(self._waiting) + len(self._written)
        return kept < MAX_KEPT // share and self._bytes < MAX_KEPT_BYTES // share

    def _close_gap(self) -> None:
        if self._gap:
            self._waiting.append(_Gap(self._gap))
            self._gap = 0


@dataclass(frozen=True, slots=True)
class _Gap:
    count: int
