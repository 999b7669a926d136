"""What is received of one source of somebody: its frames, as long as it is published."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from aiortc.mediastreams import MediaStreamError

KEPT = {"audio": 100, "video": 4}  # frames that wait for who reads them


class Track:
    """`async for frame in track` gives av.AudioFrame or av.VideoFrame until the source has ended.

    Attributes: `session_id` and `source` (whose it is), `kind`, `dropped` (frames that nobody read
    in time: of those that wait the oldest go).
    """

    def __init__(self, session_id: str, source: str, received: Any) -> None:
        """`received` is aiortc's track."""
        self.session_id = session_id
        self.source = source
        self.kind: str = received.kind
        self.dropped = 0
        self._frames: deque[Any] = deque(maxlen=KEPT[self.kind])
        self._news = asyncio.Event()
        self._ended = False
        # aiortc keeps all that nobody takes, without a bound.
        self._pump = asyncio.create_task(self._read(received))

    def __repr__(self) -> str:
        return f"Track({self.session_id!r}, {self.source!r}, ended={self._ended})"

    @property
    def ended(self) -> bool:
        return self._ended

    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            while self._frames:
                yield self._frames.popleft()
            if self._ended:
                return
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        """The source has ended."""
        self._pump.cancel()
        with suppress(asyncio.CancelledError):
            await self._pump
        self._end()

    async def _read(self, received: Any) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await received.recv()
                self.dropped += len(self._frames) == self._frames.maxlen
                self._frames.append(frame)
                self._news.set()
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._news.set()
