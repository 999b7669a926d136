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
    from fastsfu.config import Config
    from fastsfu.errors import FastSFUError, JoinError, OfferError, RequestError, TokenError
    from fastsfu.http.app import asgi_app
    from fastsfu.room.room import Room
    from fastsfu.session.session import Session
    from fastsfu.sfu import SFU

    __version__: str

__all__ = [
    "SFU",
    "Config",
    "FastSFUError",
    "JoinError",
    "OfferError",
    "RequestError",
    "Room",
    "Session",
    "TokenError",
    "__version__",
    "asgi_app",
]

# Loaded on first use (PEP 562): signing a token should not load the web framework and the engine.
_HOMES = {
    "SFU": "sfu",
    "Config": "config",
    "FastSFUError": "errors",
    "JoinError": "errors",
    "OfferError": "errors",
    "RequestError": "errors",
    "Room": "room.room",
    "Session": "session.session",
    "TokenError": "errors",
    "asgi_app": "http.app",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("fastsfu")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
