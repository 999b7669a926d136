"""App messages through the server (promise P6): who gets which, once and in order.

An `Exchange` is a room's: it gives each message to the mailboxes of those it is for, and lets each
write when all messages of a turn of the event loop are there, in as few frames as they fit.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from fastsfu.auth.tokens import Grant
from fastsfu.errors import RequestError
from fastsfu.events import Participant
from fastsfu.messages.mailbox import Mail, Mailbox, MessageCounts
from fastsfu.transport import frames


class Owner(Protocol):
    """The session that a mailbox belongs to."""

    id: str
    grant: Grant
    may_return_for: float  # seconds that it is worth to wait for its client; 0: it left

    def matches(self, resume_key: str) -> bool: ...


@dataclass(slots=True)
class AppMessage:
    """A message on its way. A hook may replace `data` and `to`."""

    data: Any  # JSON value
    to: Literal["*"] | Sequence[str]  # session ids
    sender: str  # session id, or "server"


class Exchange:
    """A room's app messages."""

    def __init__(
        self, max_bytes: int, counts: MessageCounts, on_given_up: Callable[[], None]
    ) -> None:
        """`max_bytes` is what one message's JSON may have; `on_given_up` is called when a client
        has not come back in time.
        """
        self._max_bytes = max_bytes
        self._counts = counts
        self._on_given_up = on_given_up
        self._boxes: dict[str, Mailbox] = {}  # by origin
        self._by_id: dict[str, Mailbox] = {}  # by each session id that it had
        # By origin, whose sessions are over: the last one, and when they are forgotten.
        self._left: dict[str, tuple[Owner, asyncio.TimerHandle]] = {}
        self._to_flush: dict[Mailbox, None] = {}
        self._flushing = False
        self._keeps_all = False
        self.packed = False  # all of it is at another process
        # What the server says has numbers of its own, of this room's life.
        self._origin = f"{frames.SERVER}-{secrets.token_hex(6)}"
        self._number = 0

    @property
    def expects(self) -> bool:
        """Whether clients that have left may come back to their mailboxes."""
        return bool(self._left)

    @property
    def absent(self) -> list[Owner]:
        """Those sessions, as far as they may be come back to."""
        return [owner for owner, _ in self._left.values()]

    def enter(self, mailbox: Mailbox, owner: Owner) -> None:
        """A client is in the room, with a new mailbox or with the one that it had."""
        mailbox.session_id = owner.id
        mailbox.counts = self._counts
        self._boxes[mailbox.origin] = self._by_id[owner.id] = mailbox

    def leave(self, mailbox: Mailbox, owner: Owner) -> None:
        """A session is over; its mailbox is kept for a while, should the client come back."""
        mailbox.shut()
        for box in self._boxes.values():
            box.forget(owner.id)
        if self._keeps_all:
            return
        if not owner.may_return_for:
            self._forget(mailbox)
            return
        timer = asyncio.get_running_loop().call_later(owner.may_return_for, self._give_up, mailbox)
        self._left[mailbox.origin] = (owner, timer)

    def expect(self, owner: Owner, origin: str) -> None:
        """A session of the process before, as if it had been lost here; its mail is to come."""
        mailbox = Mailbox(origin)
        mailbox.hold()
        mailbox.counts = self._counts
        mailbox.session_id = owner.id
        self._boxes[origin] = self._by_id[owner.id] = mailbox
        timer = asyncio.get_running_loop().call_later(owner.may_return_for, self._give_up, mailbox)
        self._left[origin] = (owner, timer)

    def complete(self, mails: Iterable[Mail]) -> None:
        """All the mail of the process before; of whom there is none, none comes."""
        found = {each.origin: each for each in mails}
        for origin, mailbox in list(self._boxes.items()):
            mailbox.complete(found.get(origin))

    def keep_all(self) -> None:
        """Clients go to another process one by one: whoever has left here gets its mail there."""
        self._keeps_all = True

    def pack(self) -> list[Mail]:
        """All of it, for that process: from now on nothing is taken or given here."""
        self.packed = True
        return [mailbox.pack() for mailbox in self._boxes.values()]

    def recover(self, replaces: tuple[str, str], origin: str | None) -> Mailbox | None:
        """That of the session that a client lost (id and resume key), here or elsewhere."""
        return self.claim(*replaces) or self.reopen(origin)

    def claim(self, session_id: str, resume_key: str) -> Mailbox | None:
        """The mailbox that a session left behind; None for another key, or when it has gone."""
        if self._owner(session_id, resume_key) is None:
            return None
        mailbox = self._by_id[session_id]
        _, timer = self._left.pop(mailbox.origin)
        timer.cancel()
        return mailbox

    def reopen(self, origin: str | None) -> Mailbox | None:
        """An empty one, of who had it at a server before this one; None: it is somebody's here."""
        return None if origin is None or origin in self._boxes else Mailbox(origin)

    def granted(self, session_id: str, resume_key: str) -> Grant | None:
        """What a session was allowed whose mailbox can be claimed."""
        owner = self._owner(session_id, resume_key)
        return None if owner is None else owner.grant

    def _owner(self, session_id: str, resume_key: str) -> Owner | None:
        """The session that left a mailbox behind, for who has its key."""
        mailbox = self._by_id.get(session_id)
        owner, _ = self._left.get(mailbox.origin if mailbox else "", (None, None))
        if owner is None or owner.id != session_id or not owner.matches(resume_key):
            return None
        return owner

    def close(self) -> None:
        for _, timer in self._left.values():
            timer.cancel()
        self._left.clear()
        self._boxes.clear()
        self._by_id.clear()

    def relay(self, sender: Mailbox, number: int, message: AppMessage) -> None:
        """Give a client's message to everybody it is for; raises RequestError for no JSON."""
        data = _json_of(message.data)
        self._counts.received += 1
        fragment = frames.fragment(number, data, sender.session_id, sender.origin)
        self._give(fragment, message.to, sender)

    def say(self, message: AppMessage) -> None:
        """Give the server's own message to everybody it is for; raises RequestError."""
        data = self.check(message.data)
        self._number += 1
        fragment = frames.fragment(self._number, data, frames.SERVER, self._origin)
        self._give(fragment, message.to, None)

    def describe(self, participant: Participant) -> None:
        """Tell everybody, the participant too, what it says of itself.

        Signaling tells the same: here it reaches those whose WebSocket is lost.
        """
        frame = frames.metadata_frame(
            participant.session_id,
            participant.revision,
            participant.sources,
            participant.user_data,
        )
        for box in self._boxes.values():
            box.describe(participant.session_id, frame)

    def check(self, data: Any) -> bytes:
        """A message as JSON; raises RequestError for what is none, or too much of it."""
        written = _json_of(data)
        if len(written) > self._max_bytes:
            raise RequestError(
                f"An app message has at most {self._max_bytes} bytes of JSON, "
                f"this one {len(written)}.",
                "too-large",
            )
        return written

    def _give(
        self, fragment: bytes, to: Literal["*"] | Sequence[str], sender: Mailbox | None
    ) -> None:
        for box in self._boxes.values() if to == "*" else self._named(to):
            if box is not sender:
                box.put(fragment)
                self._to_flush[box] = None
        if self._to_flush and not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _named(self, ids: Iterable[str]) -> Iterable[Mailbox]:
        """By session id, also one that a client had before."""
        found = (self._by_id.get(each) or self._boxes.get(each) for each in ids)
        return dict.fromkeys(box for box in found if box is not None)

    def _flush(self) -> None:
        self._flushing = False
        boxes, self._to_flush = self._to_flush, {}
        for box in boxes:
            box.flush()

    def _give_up(self, mailbox: Mailbox) -> None:
        del self._left[mailbox.origin]
        self._forget(mailbox)
        self._on_given_up()

    def _forget(self, mailbox: Mailbox) -> None:
        self._boxes.pop(mailbox.origin, None)
        for session_id in [key for key, box in self._by_id.items() if box is mailbox]:
            del self._by_id[session_id]


def _json_of(data: Any) -> bytes:
    try:
        return frames.json_of(data)
    except ValueError as error:
        raise RequestError(f"An app message has to be JSON: {error}.") from None


OnAppMessage = Callable[[Any, AppMessage], None]
