"""Whose rights a host has changed in a room, so that leaving and coming back changes nothing."""

from collections import OrderedDict

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

    def note(self, session: Session, permissions: Permissions) -> None:
        """These are its rights now."""
        for key in (f"origin {session.origin}", session.grant.key):
            if key is not None:
                self.changed[key] = permissions
                self.changed.move_to_end(key)
        while len(self.changed) > MOST:
            self.changed.popitem(last=False)

    def of(self, session: Session) -> Permissions:
        """The rights with which it comes in."""
        granted = session.grant.permissions
        if (known := self.changed.get(f"origin {session.origin}")) is not None:
            return known
        return granted.within(self.changed.get(session.grant.key or "", granted))
