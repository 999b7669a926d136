"""The native engine's Python face: one worker thread with its UDP socket, commanded and observed
from the event loop's thread.

Handles are 64-bit integers (generation << 32 | index), never pointers; a command with a stale
handle does nothing. Calls from another thread than the one that made the engine raise
RuntimeError.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Literal

import numpy.typing as npt

from fastsfu._native.engine.channels import Channels
from fastsfu._native.engine.events import Events
from fastsfu._native.engine.relay_commands import RelayCommands, RelayOptions
from fastsfu._native.engine.streams import Streams
from fastsfu._native.engine.transports import Transports

class MediaKind(IntEnum):
    AUDIO = 0
    VIDEO = 1

class Links:
    """What the engines of one process share, so that streams can go from one to another."""

class Engine:
    port: int  # UDP port that was bound
    crypto: str  # "ipsec-mb" or "openssl"
    transports: Transports
    streams: Streams
    channels: Channels
    relay: RelayCommands
    fingerprint: str  # SHA-256 of the DTLS certificate, "AB:CD:..."

    def __init__(
        self,
        *,
        host: str,  # "0.0.0.0", "::" (dual stack) or one address
        port: int,  # 0: any
        certificate_pem: bytes,
        private_key_pem: bytes,
        crypto: Literal["auto", "ipsec-mb", "openssl"] = "auto",
        gso: bool = True,
        gro: bool = True,
        hold_us: int = 500,  # longest wait for the rest of a video frame
        batch_us: int = 0,  # most that datagrams gather for while it is busy
        busy_poll_us: int = 0,  # asks for datagrams so long before it sleeps
        real_time: bool = False,  # goes before all else on its core, if it may
        max_transports: int = 4096,
        max_streams: int = 65536,
        max_buffers: int = 131072,  # 2 KiB each
        index: int = 0,  # of the worker, its own among those that share `links`
        links: Links | None = None,
    ) -> None: ...  # raises OSError, ValueError
    # TURN on the media port; before start. Raises OSError, ValueError
    def open_relay(self, options: RelayOptions) -> None: ...
    def open_extra_port(self, host: str, port: int) -> None:
        """A further UDP port for the relay's clients, at any time; raises OSError."""
    extra_port: int | None  # the relay's further port that was bound; 0: none
    def start(self) -> None: ...
    # ends the thread; frees everything, with the last of those that share its Links; idempotent
    def close(self) -> None: ...
    # grows while the worker lives; wakes it, so that it also does when there is nothing to do
    # the worker learns of commands through what `soon` calls, not by each of them
    def wake_by(self, soon: Callable[[Callable[[], None]], object]) -> None: ...
    def beat(self) -> int: ...
    def busy_us(self) -> int: ...  # in which it did not wait, so far
    def fileno(self) -> int: ...  # readable when poll has something to do
    def poll(self, events: Events) -> int: ...  # events delivered
    def dtls_timeout(self) -> float | None: ...  # seconds until handle_dtls_timeouts is due
    def handle_dtls_timeouts(self, events: Events) -> None: ...
    # structured, one row per live RTP stream
    def snapshot(self) -> npt.NDArray[Any]: ...
    # the same dtype, one row for each `row` (0, 1) and `kind`: sums over streams that have ended
    def ended(self) -> npt.NDArray[Any]: ...
    def bytes_of(self, stream: int) -> int: ...  # of its payloads so far; 0: it does not live
    # worker totals: messages, packets, drops by reason, pool marks
    def counters(self) -> dict[str, int]: ...
