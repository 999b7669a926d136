"""Challenges of an ACME server by plain HTTP, if it is asked for: http-01 (RFC 8555 section 8.3).

The port is open only while one is pending. It answers the question of that, and nothing else.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from fastsfu.http.listening import listen

MOST_BYTES: Final = 8192  # of a request
MOST_AT_ONCE: Final = 64  # connections
PATIENCE: Final = 10.0  # seconds for a request
REFUSED: Final = (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


class PlainChallenges:
    """Those that are pending, by path. For one thread, which need not be the event loop's."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._answers: dict[bytes, bytes] = {}
        self._port: _OpenPort | None = None

    @contextmanager
    def pending(self, path: str, text: str) -> Iterator[None]:
        """Answer for this path meanwhile. Raises ConfigError when the port cannot be had."""
        self._answers[path.encode()] = text.encode()
        try:
            if self._port is None:
                self._port = _OpenPort(*self._address, self._answers)
            yield
        finally:
            del self._answers[path.encode()]
            if not self._answers and self._port is not None:
                self._port.close()
                self._port = None


class _OpenPort:
    """Served by a thread of its own, until it is closed."""

    def __init__(self, host: str, port: int, answers: dict[bytes, bytes]) -> None:
        self._listener = listen(host, port)
        self._answers = answers
        self._inside = 0
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="fastsfu-http-01", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._take, sock=self._listener, limit=MOST_BYTES)
        await self._ended.wait()
        server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._inside += 1
        try:
            with suppress(*REFUSED):
                async with asyncio.timeout(PATIENCE):
                    await self._answer(reader, writer)
        finally:
            self._inside -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What is no question of the ACME server's is closed without a word."""
        if self._inside > MOST_AT_ONCE:
            return
        request = await reader.readuntil(b"\r\n\r\n")
        words = request.partition(b"\r\n")[0].split(b" ")
        is_get = len(words) == 3 and words[0] == b"GET" and words[2].startswith(b"HTTP/1.")
        text = self._answers.get(words[1]) if is_get else None
        if text is None:
            return
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text)
        await writer.drain()
