"""A download by TCP into a household, as fast as its link lets it."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

from tests.support.network import SERVER, Namespaces

PORT = 8080
BLOCK = bytes(65536)


class Download:
    """Ready within `with`; from `start()` on `received` bytes grow, until the end."""

    congestion_control = "cubic"  # Linux's own; the machine's may be another

    def __init__(self, network: Namespaces, household: str) -> None:
        self.received = 0
        with network.inside("server"):
            self._listener = socket.create_server((SERVER, PORT))
        self._listener.setsockopt(  # what it accepts has the same
            socket.IPPROTO_TCP, socket.TCP_CONGESTION, self.congestion_control.encode()
        )
        with network.inside(household):
            self._client = socket.socket()
        self._threads = [threading.Thread(target=one) for one in (self._serve, self._fetch)]

    def __enter__(self) -> Self:
        return self

    def start(self) -> None:
        self._client.connect((SERVER, PORT))
        self._server, _ = self._listener.accept()
        for thread in self._threads:
            thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for one in (self._client, getattr(self, "_server", None)):
            if one is not None:
                _end(one)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._listener.close()

    def _serve(self) -> None:
        try:
            while True:
                self._server.sendall(BLOCK)
        except OSError:
            return

    def _fetch(self) -> None:
        try:
            while block := self._client.recv(65536):
                self.received += len(block)
        except OSError:
            return


def _end(one: socket.socket) -> None:
    """Wakes whoever waits for it."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
