"""Where one publication can be received: at its own worker, and at others by replicas.

Replicas of all its encodings are made for the first receiver at a worker and closed with the last.
"""

from collections.abc import Callable, Sequence
from functools import partial

from fastsfu.engine.media import MediaEngine


class Replicas:
    """The handles of a publication's encodings at each engine that has receivers of it.

    Attribute: `home`, where they come in.
    """

    def __init__(
        self,
        home: MediaEngine,
        inbounds: Sequence[int],
        *,
        video: bool,
        clock_rate: int,
        on_wanted: Callable[[int, MediaEngine, bool], None],
    ) -> None:
        """`inbounds`: of each encoding. `clock_rate` of their RTP timestamps, in Hz.

        `on_wanted` is called with an encoding's index when somebody at an engine, another one than
        `home`, wants it, or nobody any more.
        """
        self.home = home
        self._inbounds = inbounds
        self._video = video
        self._clock_rate = clock_rate
        self._on_wanted = on_wanted
        self._paused = False
        self._handles: dict[MediaEngine, list[int]] = {}
        self._uses: dict[MediaEngine, int] = {}

    def take(self, engine: MediaEngine) -> int:
        """The handle of one of the encodings at `engine`, for a receiver more; then `give_back`."""
        if engine is self.home:
            return self._inbounds[0]
        if engine not in self._handles:
            self._open(engine)
        self._uses[engine] = self._uses.get(engine, 0) + 1
        return self._handles[engine][0]

    def give_back(self, engine: MediaEngine) -> None:
        """One receiver less at `engine`."""
        if engine not in self._uses:
            return  # at home, or all are closed
        self._uses[engine] -= 1
        if self._uses[engine] == 0:
            self._close(engine)

    def pause(self, paused: bool) -> None:
        """Pass nothing of it on anywhere, not even what is on its way or kept to be sent again."""
        for engine, handles in self._handles.items():
            for replica in handles:
                engine.pause_inbound(replica, paused)
        for inbound in self._inbounds:
            self.home.pause_inbound(inbound, paused)
        self._paused = paused

    def close(self) -> None:
        """The publication ends: close all."""
        for engine in list(self._uses):
            self._close(engine)
        self._on_wanted = _nobody_asks  # it is the publication's, which would be kept by it

    def _open(self, engine: MediaEngine) -> None:
        handles: list[int] = []
        try:
            for index, inbound in enumerate(self._inbounds):
                replica = engine.create_replica(
                    self.home,
                    inbound,
                    video=self._video,
                    clock_rate=self._clock_rate,
                    lower=handles[-1] if handles else 0,
                    on_wanted=partial(self._on_wanted, index, engine),
                )
                handles.append(replica)
                if self._paused:
                    engine.pause_inbound(replica, True)
        except BaseException:
            for replica in handles:
                engine.close_replica(replica)
            raise
        self._handles[engine] = handles

    def _close(self, engine: MediaEngine) -> None:
        del self._uses[engine]
        for index, handle in enumerate(self._handles.pop(engine)):
            engine.close_replica(handle)
            self._on_wanted(index, engine, False)


def _nobody_asks(index: int, engine: MediaEngine, wanted: bool) -> None:
    """Of a publication that has ended."""
