"""How a client that lost a session comes back to it, or to what is left of it."""

from typing import Protocol

from fastsfu.auth.resume_keys import ResumeKeys
from fastsfu.messages.mailbox import Mailbox

LOST = ("timeout", "connection-error")  # the client may come back from these


class Room(Protocol):
    """The session's."""

    name: str
    resume_keys: ResumeKeys


class Subject(Protocol):
    """A session."""

    id: str
    joined_at: float
    mailbox: Mailbox | None

    @property
    def room(self) -> Room: ...
    @property
    def origin(self) -> str: ...


class Resumable:
    """What a Session has for it. `may_return_for`: seconds to wait for its client; 0: it left."""

    may_return_for = 0.0

    @property
    def origin(self: Subject) -> str:
        """The id of its client's first session in a row that `replaces` links, else its own."""
        return self.id if self.mailbox is None else self.mailbox.origin

    @property
    def resume_key(self: Subject) -> str:
        """Secret; proves to this server, and to the next one, that a client had this session."""
        keys = self.room.resume_keys
        return keys.sign(self.room.name, self.id, self.origin, self.joined_at)

    def matches(self: Subject, resume_key: str) -> bool:
        """Whether this is the resume key; takes the same time for each wrong one."""
        return self.room.resume_keys.matches(self.room.name, self.id, resume_key)
