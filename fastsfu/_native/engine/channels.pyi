"""Data channels of an engine's transports (RFC 8831): messages to and from SCTP streams.

usrsctp's state is one for the process, so channels can be open in one thread of it at a time;
engines may be many.
"""

from collections.abc import Sequence
from typing import Protocol

MAX_STREAMS: int  # in each direction
TICK_SECONDS: float  # how often `tick` is due

class ChannelEvents(Protocol):
    """What Engine.poll and Channels.tick call, in order of happening."""

    def on_channels_up(self, transport: int) -> None: ...
    def on_channels_down(self, transport: int) -> None: ...
    # ppid as in RFC 8831 section 8
    def on_message(self, transport: int, stream: int, ppid: int, data: bytes) -> None: ...
    # larger than max_message_bytes: it was dropped
    def on_message_too_large(self, transport: int, stream: int) -> None: ...
    def on_channels_writable(self, transport: int) -> None: ...  # after `send` gave False
    # the peer closed these streams; all, when none is named
    def on_channels_reset(self, transport: int, streams: Sequence[int]) -> None: ...

class Channels:
    """An engine's `channels`."""

    events: ChannelEvents

    # once DTLS is done and the fingerprint matched; raises RuntimeError in another thread than that
    # of the process's other channels
    def open(
        self, transport: int, *, port: int, remote_port: int, max_message_bytes: int
    ) -> None: ...
    # True; False: no room now; None: there are no channels (yet), or no such stream
    def send(
        self,
        transport: int,
        stream: int,
        ppid: int,
        data: bytes,
        unordered: bool = False,
        max_retransmits: int = -1,
        lifetime_ms: int = -1,
    ) -> bool | None: ...
    def flush(self) -> None: ...  # after a turn's `send`s
    def reset(self, transport: int, stream: int) -> None: ...  # RFC 6525
    # read nothing of it, so that the peer's window closes; or go on
    def pause(self, transport: int, paused: bool) -> None: ...
    def due(self) -> bool: ...  # `tick` has something to do
    def tick(self, now: float) -> None: ...  # seconds of a monotonic clock
    # what the engine itself calls
    def collect(self, transport: int) -> None: ...  # reads, and tells `events`
    def forget(self, transport: int) -> None: ...
    def close(self) -> None: ...
