"""A double of the native engine: it keeps what it was told and says what a test wants it to say.

Without threads, sockets and media. Stale handles are counted as the real one does, so that a test
can demand that there were none.
"""

import itertools
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastsfu._native.engine.events import DtlsState, IceState
from fastsfu.engine.media import MediaEngine
from fastsfu.engine.owners import TransportOwner
from fastsfu.transport.ice import host_candidates
from tests.support.recorded import COLUMNS, Inbound, Outbound, Replica, Transport


class RecordingChannels:
    """Data channels: `opened` by transport; `sent` is (transport, stream, ppid, data)."""

    def __init__(self) -> None:
        self.opened: dict[int, Mapping[str, int]] = {}
        self.sent: list[tuple[int, int, int, bytes]] = []
        self.resets: list[tuple[int, int]] = []
        self.paused: set[int] = set()
        self.has_room = True
        self.events: Any = None

    def open(self, transport: int, **given: int) -> None:
        self.opened[transport] = given

    def send(self, transport: int, stream: int, ppid: int, data: bytes, *how: int) -> bool | None:
        if transport not in self.opened:
            return None
        if self.has_room:
            self.sent.append((transport, stream, ppid, data))
        return self.has_room

    def flush(self) -> None:
        """Nobody has to be woken."""

    def reset(self, transport: int, stream: int) -> None:
        self.resets.append((transport, stream))

    def pause(self, transport: int, paused: bool) -> None:
        (self.paused.add if paused else self.paused.discard)(transport)

    def due(self) -> bool:
        return False

    def tick(self, now: float) -> None:
        raise AssertionError("nothing is due")


class RecordingRelay:
    """`users` whom it would relay for."""

    def __init__(self) -> None:
        self.users: set[str] = set()

    def admit(self, user: str) -> None:
        self.users.add(user)

    def revoke(self, user: str) -> None:
        self.users.discard(user)

    def has_port(self, port: int) -> bool:
        return False


class RecordingTransports(dict[int, Transport]):
    """Those that live, by handle."""

    def __init__(self, engine: "RecordingEngine") -> None:
        self._engine = engine

    def create(self, **given: Any) -> int:
        assert len(given["local_ufrag"]) == 8
        assert len(given["local_password"]) == 24
        transport = self._engine.make(self, Transport(**given))
        if self._engine.connects:
            self._engine.connect(transport)
        return transport

    def set_extensions(self, transport: int, extensions: Mapping[int, int]) -> None:
        self[transport].extensions = dict(extensions)

    def restart_ice(self, transport: int, *, local_ufrag: str, **given: str) -> None:
        found = self[transport]
        assert local_ufrag != found.local_ufrag
        found.local_ufrag, found.restarts = local_ufrag, found.restarts + 1
        found.local_password = given["local_password"]
        found.remote_ufrag = given["remote_ufrag"]

    def close(self, transport: int) -> None:
        self._engine.end(self, transport)
        self._engine.channels.opened.pop(transport, None)
        for streams in (self._engine.inbounds, self._engine.outbounds):
            own = [handle for handle, each in streams.items() if each.transport == transport]
            for handle in own:
                del streams[handle]


class RecordingEngine:
    """`transports`, `inbounds`, `outbounds` and `replicas` are what lives now, by handle."""

    port = 40000
    crypto = "openssl"
    fingerprint = ":".join(["AB"] * 32)

    def __init__(self, first_handle: int = 1 << 32) -> None:
        self.transports = RecordingTransports(self)
        self.streams = self
        self.inbounds: dict[int, Inbound] = {}
        self.outbounds: dict[int, Outbound] = {}
        self.replicas: dict[int, Replica] = {}
        self.beats = 0
        self.stuck = False
        self.connects = False  # each transport, by itself
        self.checks = True
        self.busy = 0
        self.bytes: dict[int, int] = {}  # of payloads, by stream
        self.counted: dict[int, dict[str, int]] = {}  # columns of a snapshot's row, by handle
        self.stale = 0  # commands with a handle that no longer lives
        self.channels = RecordingChannels()
        self.relay = RecordingRelay()
        self.closed = False
        self.timeout: float | None = None
        self.timeouts_handled = 0
        self.room_left = 1 << 30  # how many more things can be made until there is no room
        self._handles = itertools.count(first_handle)
        self._events: list[tuple[str, tuple[Any, ...]]] = []
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        return self._fd

    def wake_by(self, soon: Any) -> None:
        """What it is told, it hears at once."""

    def close(self) -> None:
        if not self.closed:
            os.close(self._fd)
        self.closed = True

    def beat(self) -> int:
        self.beats += not self.stuck
        return self.beats

    def busy_us(self) -> int:
        return self.busy

    def fire(self, event: str, *args: Any) -> None:
        """Have `event` of `Events` delivered at the next poll."""
        self._events.append((event, args))
        os.eventfd_write(self._fd, 1)

    def connect(self, transport: int) -> None:
        self.fire("on_ice", transport, IceState.CONNECTED, "192.0.2.1:5000", "192.0.2.10:40000")
        self.fire("on_dtls", transport, DtlsState.CONNECTED, "AEAD_AES_128_GCM")

    def poll(self, events: Any) -> int:
        os.eventfd_read(self._fd)
        due, self._events = self._events, []
        for name, args in due:
            getattr(events, name)(*args)
        return len(due)

    def dtls_timeout(self) -> float | None:
        return self.timeout

    def handle_dtls_timeouts(self, events: Any) -> None:
        self.timeouts_handled += 1

    def create_inbound(self, transport: int, **given: Any) -> int:
        assert transport in self.transports
        return self.make(self.inbounds, Inbound(transport=transport, **given))

    def pause_inbound(self, inbound: int, paused: bool) -> None:
        stream = self.replicas.get(inbound) or self.inbounds[inbound]
        stream.paused = paused

    def pin_inbound(self, inbound: int, pinned: bool) -> None:
        self.inbounds[inbound].pinned = pinned

    def close_inbound(self, inbound: int) -> None:
        self.end(self.inbounds, inbound)

    def create_outbound(self, transport: int, inbound: int, **given: Any) -> int:
        assert transport in self.transports
        assert inbound in self.inbounds or inbound in self.replicas
        assert len(given["cname"]) <= 64
        stream = Outbound(transport=transport, inbound=inbound, **given)
        used = {each.ssrc for each in self.outbounds.values() if each.transport == transport}
        assert stream.ssrc not in used
        return self.make(self.outbounds, stream)

    def create_replica(self, source: "RecordingEngine", inbound: int, **given: Any) -> int:
        assert source is not self
        assert inbound in source.inbounds
        return self.make(self.replicas, Replica(source=source, inbound=inbound, **given))

    def close_replica(self, replica: int) -> None:
        self.end(self.replicas, replica)

    def close_outbound(self, outbound: int) -> None:
        self.end(self.outbounds, outbound)

    def pause_outbound(self, outbound: int, paused: bool) -> None:
        self.outbounds[outbound].paused = paused
        self.outbounds[outbound].pauses.append(paused)

    def set_preference(self, outbound: int, **given: int) -> None:
        self.outbounds[outbound].preference = given

    def request_keyframe(self, inbound: int) -> None:
        assert inbound in self.inbounds

    def snapshot(self) -> np.ndarray[Any, Any]:
        kinds = (self.inbounds, self.outbounds, self.transports, self.replicas)
        live = [(handle, kind) for kind, each in enumerate(kinds) for handle in each]
        rows = np.zeros(len(live), [(name, "i8") for name in COLUMNS])
        for row, (handle, kind) in zip(rows, live, strict=True):
            row["handle"], row["row"] = handle, kind
            for name, value in self.counted.get(handle, {}).items():
                row[name] = value
        return rows

    def bytes_of(self, stream: int) -> int:
        return self.bytes.get(stream, 0)

    def counters(self) -> dict[str, int]:
        return {
            "transports": len(self.transports),
            "inbounds": len(self.inbounds),
            "outbounds": len(self.outbounds),
            "stale_handles": self.stale,
        }

    @property
    def is_empty(self) -> bool:
        """Everything was freed, each once."""
        live = self.transports or self.inbounds or self.outbounds or self.replicas
        live = live or self.relay.users
        return not (live or self.stale)

    def make(self, where: dict[int, Any], what: Any) -> int:
        if not self.room_left:
            raise MemoryError("no room")
        self.room_left -= 1
        handle = next(self._handles)
        where[handle] = what
        return handle

    def end(self, where: dict[int, Any], handle: int) -> None:
        if where.pop(handle, None) is None:
            self.stale += 1


class EngineWithPaths(MediaEngine):
    """The first check of a client succeeds before anything else happens."""

    def create_transport(self, owner: TransportOwner, **given: Any) -> int:
        transport = super().create_transport(owner, **given)
        if self._native.checks:  # type: ignore[attr-defined]
            owner.on_path("192.0.2.1:5000", "192.0.2.10:40000")
        return transport


def media_engine(
    native: RecordingEngine, consent_timeout: float = 30.0, max_transports: int = 4096
) -> MediaEngine:
    """The engine's asyncio face over the double; call it in a running loop.

    Unless `native.checks` says no, each transport has a path as soon as it is there.
    """
    candidates = host_candidates(["192.0.2.10"], native.port)
    engine: Any = native
    return EngineWithPaths(engine, candidates, consent_timeout, max_transports)
