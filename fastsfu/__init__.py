"""Encrypted video calls that a team runs itself: signaling server and selective forwarding unit.

import fastapi, fastsfu

sfu = fastsfu.SFU(fastsfu.Config(media_ips=["203.0.113.7"]))
app = fastapi.FastAPI()
app.mount("/calls", fastsfu.asgi_app(sfu))          # opens and closes the SFU with its lifespan

room = sfu.rooms.create("standup", max_participants=50)
token = sfu.token("standup", name="Ada", owner=True)
print(f"https://example.org/calls/r/standup?t={token}")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastsfu.auth.permissions import Permissions
    from fastsfu.auth.tokens import Grant
    from fastsfu.config import Config
    from fastsfu.errors import FastSFUError, JoinError, OfferError, RequestError, TokenError
    from fastsfu.events import Participant, Signaler
    from fastsfu.http.app import asgi_app
    from fastsfu.messages.exchange import AppMessage
    from fastsfu.room.notices import (
        CarrierChanged,
        Joined,
        Knocked,
        KnockEnded,
        Left,
        Notice,
        Published,
        RoomClosed,
        RoomOpened,
        RoomUpdated,
        Unpublished,
        Updated,
    )
    from fastsfu.room.observer import Observer
    from fastsfu.room.options import RoomOptions
    from fastsfu.room.room import Room
    from fastsfu.session.channel import Channel
    from fastsfu.session.session import Session
    from fastsfu.sfu import SFU

    __version__: str

__all__ = [
    "SFU",
    "AppMessage",
    "Channel",
    "Config",
    "FastSFUError",
    "Grant",
    "JoinError",
    "OfferError",
    "Participant",
    "Permissions",
    "RequestError",
    "Room",
    "RoomOptions",
    "Session",
    "Signaler",
    "TokenError",
    "__version__",
    "asgi_app",
    # What observers are told
    "Observer",
    "Notice",
    "RoomOpened",
    "RoomUpdated",
    "RoomClosed",
    "Joined",
    "Updated",
    "Left",
    "Published",
    "Unpublished",
    "CarrierChanged",
    "Knocked",
    "KnockEnded",
]

# Loaded on first use (PEP 562): signing a token should not load the web framework and the engine.
_HOMES = {
    "SFU": "sfu",
    "Config": "config",
    "Permissions": "auth.permissions",
    "Grant": "auth.tokens",
    **dict.fromkeys(("Participant", "Signaler"), "events"),
    "AppMessage": "messages.exchange",
    "Channel": "session.channel",
    **dict.fromkeys(("FastSFUError", "JoinError", "OfferError"), "errors"),
    **dict.fromkeys(("RequestError", "TokenError"), "errors"),
    "Room": "room.room",
    "RoomOptions": "room.options",
    "Session": "session.session",
    "asgi_app": "http.app",
    "Observer": "room.observer",
    **dict.fromkeys(__all__[__all__.index("Notice") :], "room.notices"),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("fastsfu")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
