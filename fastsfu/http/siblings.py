"""An application that its server runs in several processes would have each of its rooms in several
of them, and people who do not see each other: the second process is refused.

uvicorn, hypercorn and granian make their processes by multiprocessing, gunicorn by fork. Those of
one application have one parent and one configuration; the first of them takes a name (an abstract
Unix socket) that is free again when it ends, however it does.
"""

import hashlib
import multiprocessing
import os
import socket
from typing import Any

from fastsfu.config import Config
from fastsfu.errors import ConfigError

REFUSAL = (
    "This application runs in several processes (uvicorn --workers, gunicorn -w), and a room has "
    "to be in one of them: run it in one process. Its media threads use all cores anyway "
    "(`workers`). Or run `fastsfu serve` beside it, and make rooms and tokens over REST."
)

_claimed: dict[int, list[tuple[bytes, socket.socket]]] = {}  # by process, since one may fork


def refuse_siblings(config: Config) -> None:
    """Raise ConfigError in all processes of an application but the first that calls it."""
    parent = _parent()
    if parent is None:
        return
    name = b"\0fastsfu application " + _digest(parent, config)
    mine = _claimed.setdefault(os.getpid(), [])
    if any(name == other for other, _ in mine):
        return
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(name)
    except OSError:
        claim.close()
        raise ConfigError(REFUSAL) from None
    mine.append((name, claim))


def _parent() -> int | None:
    """The process that has made this one, and perhaps others like it, to serve an application."""
    if (parent := multiprocessing.parent_process()) is not None:
        return parent.pid
    is_gunicorn = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")
    return os.getppid() if is_gunicorn else None


def _digest(parent: int, config: Config) -> bytes:
    """Of what siblings have in common; a secret's value too, which nobody can guess from it."""
    options: dict[str, Any] = config.model_dump()
    said = repr(sorted(options.items())) + repr(config.secret and config.secret.get_secret_value())
    return hashlib.sha256(f"{parent} {said}".encode()).hexdigest()[:32].encode()
