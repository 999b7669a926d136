"""What can be compared, by name: other servers, and this one with one of its choices undone.

Each is a `load.server.Process`, which says how to publish and how to watch.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.compare import network
from benchmarks.compare.janus import Janus
from benchmarks.load.server import Process, ServerProcess, free_port

OURS = "fastsfu"


class Plain(Process):
    """compare/plain.py."""

    name = "plain Python"
    module = "benchmarks.compare.plain"

    def __init__(self, *, core: int | None = None) -> None:
        port = free_port()
        command = [sys.executable, "-m", self.module, str(port)]
        super().__init__(f"http://127.0.0.1:{port}", command, core=core)


class OnAiortc(Plain):
    """compare/on_aiortc.py."""

    name = "Python on aiortc"
    module = "benchmarks.compare.on_aiortc"
    media_host = network.ADDRESS


@dataclass(frozen=True)
class Contender:
    """How to start it on a core, and what its clients do otherwise than the scenario says."""

    start: Callable[[int], Process]
    changes: Mapping[str, Any] = field(default_factory=dict)


def ours(changes: Mapping[str, Any] | None = None, **settings: str) -> Contender:
    """This server with other settings."""
    environment = {"FASTSFU_MAX_PARTICIPANTS": "2000", **settings}
    return Contender(lambda core: ServerProcess(core=core, environment=environment), changes or {})


SERVERS = {
    OURS: ours(),
    "plain": Contender(lambda core: Plain(core=core)),
    "aiortc": Contender(lambda core: OnAiortc(core=core)),
    "janus": Contender(lambda core: Janus(core=core)),
    "no GSO": ours(FASTSFU_GSO="false"),
    "no hold": ours(FASTSFU_HOLD_US="0"),
    "OpenSSL": ours(FASTSFU_CRYPTO="openssl"),
    "AES-CM": ours({"profile": "AES128_CM_SHA1_80"}),
}
RIVALS = ["plain", "aiortc", "janus"]
NOT_ON_LOOPBACK = {"aiortc", "janus"}
CHOICES = ["no GSO", "no hold", "OpenSSL", "AES-CM"]
