"""Whose rights and names a host has changed in a room: leaving and coming back changes nothing."""

from collections import OrderedDict
from dataclasses import replace

from fastsfu.auth.permissions import Permissions
from fastsfu.session.session import Session

MOST = 10_000  # the oldest are forgotten


class Standing:
    """One room's. Who proves to be the client of a session that was lost has the rights that it
    had. Of a token that comes without such a proof, which may be that of many, only what was taken
    away counts.
    """

    def __init__(self) -> None:
        self.changed: OrderedDict[str, Permissions] = OrderedDict()
        self.names: OrderedDict[str, str] = OrderedDict()  # by origin

    def note(self, session: Session, permissions: Permissions) -> None:
        """These are its rights now."""
        for key in (f"origin {session.origin}", session.grant.key):
            if key is not None:
                self.changed[key] = permissions
                self.changed.move_to_end(key)
        while len(self.changed) > MOST:
            self.changed.popitem(last=False)

    def rename(self, session: Session, name: str) -> None:
        """This is its name now, whatever its token or its client says."""
        self.names[session.origin] = name
        self.names.move_to_end(session.origin)
        if len(self.names) > MOST:
            self.names.popitem(last=False)
        self._name(session)

    def of(self, session: Session) -> Permissions:
        """The rights with which it comes in, under the name that it was given."""
        self._name(session)
        granted = session.grant.permissions
        if (known := self.changed.get(f"origin {session.origin}")) is not None:
            return known
        return granted.within(self.changed.get(session.grant.key or "", granted))

    def _name(self, session: Session) -> None:
        """As if its token gave it."""
        if (name := self.names.get(session.origin)) is not None:
            session.name = name
            session.grant = replace(session.grant, name=name)
