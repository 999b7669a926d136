"""Who arrives: everything that an edge says of a client that is to be let in, as one value."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from fastsfu.auth.tokens import Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A client on its way in."""

    grant: Grant
    """What its token allows; a name in it wins."""

    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    """Another one's only where that session goes on in this one."""

    joined_at: float = field(default_factory=time.time)
    """Seconds since 1970."""

    name: str = ""

    user_data: Any = None
    """JSON value."""

    watch: str | None = None
    """The only session id that it receives; None: all."""

    p2p: bool = False
    """It can connect to another client directly; it does only while it has every right."""

    confirms: bool = False
    """It calls `Session.confirm` after each answer, and gets no new media before."""

    maps: bool = False
    """It takes what `SectionsWanted` says of empty sections, and confirms that too."""

    limits: bool = False
    """It takes `LimitsChanged`."""

    replaces: tuple[str, str] | None = field(default=None, repr=False)
    """Id and resume key of a session that the client lost: its app messages go on in this one."""

    listens: bool = False
    """It reads app messages, which are kept for it until it does (WHIP and WHEP cannot)."""

    moves: bool = False
    """It can go to another server while its session here still runs (`Moved`)."""

    batches: bool = False
    """It takes several events at once (`Batch`)."""

    invited: bool = False
    """A host has let it in, where the room asks for that (room/lobby.py)."""

    offers_once: bool = False
    """It cannot be asked to offer again (WHEP): its session ends with the last of what it got."""
