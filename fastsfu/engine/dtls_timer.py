"""When DTLS sends again what was not answered (RFC 6347 section 4.2.4), as `loop.call_at`."""

import asyncio

from fastsfu._native.engine.engine import Engine
from fastsfu.engine.owners import Owners


class DtlsTimer:
    """Of one native engine, in the running event loop."""

    def __init__(self, native: Engine, owners: Owners) -> None:
        """`owners` hear of the handshakes that time out."""
        self._native = native
        self._owners = owners
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def set(self) -> None:
        """For the next retransmission; called after all that can change it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._closed:
            return
        timeout = self._native.dtls_timeout()
        if timeout is not None:
            self._timer = self._loop.call_at(self._loop.time() + timeout, self._on_timeout)

    def close(self) -> None:
        """Nothing more happens."""
        self._closed = True
        self.set()

    def _on_timeout(self) -> None:
        self._timer = None
        self._native.handle_dtls_timeouts(self._owners)
        self.set()
