"""The media workers of a server: where a session goes, and which of them live.

A session stays with its worker. A room stays on one while that has capacity, since everything that
crosses to another one costs both; then it goes on elsewhere, and its streams cross by links.
"""

import asyncio
import logging
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from fastsfu.engine.media import MediaEngine
from fastsfu.errors import JoinError

log = logging.getLogger(__name__)

WATCH_INTERVAL: Final = 1.0  # seconds between two looks at each worker
LOAD_STEP: Final = 0.1  # of a core; a smaller difference of load is none
SESSION_LOAD: Final = 0.002  # of a core: what a session is taken for until it has been measured


@dataclass
class Worker:
    """One engine as the watch sees it."""

    engine: MediaEngine
    load: float = 0.0  # share of a core in the last interval
    beats: int = 0
    missed: int = 0  # looks in a row at which it had not gone on
    placed: int = 0  # sessions since the last look, whose load does not show yet
    busy_us: int = 0
    looked_at: float = 0.0  # by time.monotonic()

    @property
    def alive(self) -> bool:
        return not self.engine.lost

    def look(self, patience: float) -> None:
        """Measure the load; give the worker up when it has not gone on for `patience` seconds.

        Counted in looks, not by the clock: a process that was stopped as a whole is no reason.
        """
        beats = self.engine.beat()
        self.missed = 0 if beats != self.beats else self.missed + 1
        self.beats = beats
        if self.missed * WATCH_INTERVAL >= patience:
            if self.alive:
                log.error("the media worker on UDP port %d has stopped", self.engine.port)
                self.engine.give_up()
        elif self.missed == 0 and not self.alive:
            log.warning("the media worker on UDP port %d goes on", self.engine.port)
            self.engine.lost = False
        now, busy_us = time.monotonic(), self.engine.busy_us
        if now > self.looked_at > 0:
            self.load = (busy_us - self.busy_us) / (now - self.looked_at) / 1e6
        self.busy_us, self.looked_at, self.placed = busy_us, now, 0


class Workers:
    """Made in a running event loop, of engines that run; `close` ends them."""

    def __init__(
        self, engines: Sequence[MediaEngine], *, spread_at: float, patience: float
    ) -> None:
        """`spread_at`: load of a worker, as a share of a core, at which its rooms go on elsewhere.

        `patience`: seconds until a worker that does nothing is given up.
        """
        self._workers = [Worker(engine) for engine in engines]
        self._spread_at = spread_at
        self._patience = patience
        self._worker_of: WeakKeyDictionary[Hashable, Worker] = WeakKeyDictionary()
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(WATCH_INTERVAL, self._watch)

    @property
    def engines(self) -> tuple[MediaEngine, ...]:
        return tuple(worker.engine for worker in self._workers)

    @property
    def alive(self) -> bool:
        """Any of them lives."""
        return any(worker.alive for worker in self._workers)

    def loads(self) -> list[float]:
        """Of each worker, as a share of a core over the last second."""
        return [worker.load for worker in self._workers]

    def place(self, room: Hashable) -> MediaEngine:
        """The engine for the next session of `room`; `alive` holds. JoinError: all are full."""
        worker = self._worker_of.get(room)
        if worker is None or not self._has_capacity(worker):
            worker = min(filter(lambda each: each.alive, self._workers), key=_rank)
            if worker.engine.full:
                raise JoinError("no-capacity", "The server is full: it takes nobody in now.")
            self._worker_of[room] = worker
        worker.placed += 1
        return worker.engine

    def engine_of(self, ufrag: str) -> MediaEngine:
        """The engine with a transport of this ICE username fragment; else one that lives."""
        engines = self.engines
        found = next((each for each in engines if each.has_transport(ufrag)), None)
        return found or next((each for each in engines if not each.lost), engines[0])

    def close(self) -> None:
        """End all of them."""
        self._timer.cancel()
        for worker in self._workers:
            worker.engine.close()

    def _has_capacity(self, worker: Worker) -> bool:
        return worker.alive and worker.load < self._spread_at and not worker.engine.full

    def _watch(self) -> None:
        self._timer = self._loop.call_later(WATCH_INTERVAL, self._watch)
        for worker in self._workers:
            worker.look(self._patience)


def _rank(worker: Worker) -> tuple[bool, int, int]:
    """The lower the better: what is full comes last; a like load is told by its sessions."""
    engine, load = worker.engine, worker.load + worker.placed * SESSION_LOAD
    return engine.full, round(load / LOAD_STEP), engine.sessions
