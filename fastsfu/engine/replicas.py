"""Where one publication can be received: at its own worker, and at others by replicas.

A replica is made for the first receiver at a worker and closed with the last.
"""

from fastsfu.engine.media import MediaEngine


class Replicas:
    """The handles of one inbound stream at each engine that has receivers of it."""

    def __init__(self, home: MediaEngine, inbound: int, *, video: bool, clock_rate: int) -> None:
        """`clock_rate` of its RTP timestamps, in Hz."""
        self._home = home
        self._inbound = inbound
        self._video = video
        self._clock_rate = clock_rate
        self._handles: dict[MediaEngine, int] = {}
        self._uses: dict[MediaEngine, int] = {}

    def take(self, engine: MediaEngine) -> int:
        """The stream's handle at `engine`, for one receiver more; then `give_back`."""
        if engine is self._home:
            return self._inbound
        if engine not in self._handles:
            self._handles[engine] = engine.create_replica(
                self._home, self._inbound, video=self._video, clock_rate=self._clock_rate
            )
        self._uses[engine] = self._uses.get(engine, 0) + 1
        return self._handles[engine]

    def give_back(self, engine: MediaEngine) -> None:
        """One receiver less at `engine`."""
        if engine not in self._uses:
            return  # at home, or all are closed
        self._uses[engine] -= 1
        if self._uses[engine] == 0:
            self._close(engine)

    def close(self) -> None:
        """The publication ends: close all."""
        for engine in list(self._uses):
            self._close(engine)

    def _close(self, engine: MediaEngine) -> None:
        del self._uses[engine]
        engine.close_replica(self._handles.pop(engine))
