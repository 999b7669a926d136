"""The asyncio face of an engine's data channels: messages in and out, SCTP's timers.

SCTP runs in the event loop's thread, as DTLS does (media.py). What is sent in one turn of the loop
wakes the worker once.
"""

import asyncio
from collections.abc import Callable, Sequence

from fastsfu._native.engine.channels import MAX_STREAMS, TICK_SECONDS, Channels
from fastsfu.engine.owners import ChannelOwner
from fastsfu.sdp.sections import CHANNEL_PORT

CHANNEL_STREAMS = MAX_STREAMS  # in each direction


class EngineChannels:
    """An engine's `channels`."""

    def __init__(self, native: Channels, deliver: Callable[..., None]) -> None:
        """`deliver` calls an owner and keeps its faults from the others."""
        self._native = native
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._owners: dict[int, ChannelOwner] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flushing = False
        self._closed = False
        native.events = self

    def close(self) -> None:
        """The engine is about to close; owners hear nothing more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def forget(self, transport: int) -> None:
        """The transport is about to close."""
        self._owners.pop(transport, None)

    def open(
        self, owner: ChannelOwner, transport: int, *, remote_port: int, max_message_bytes: int
    ) -> None:
        """Carry data channels on a transport, once DTLS is done. Again: nothing changes."""
        if transport in self._owners:
            return
        self._owners[transport] = owner
        self._native.open(
            transport,
            port=CHANNEL_PORT,
            remote_port=remote_port,
            max_message_bytes=max_message_bytes,
        )
        if self._timer is None:
            self._tick()

    def send(
        self,
        transport: int,
        stream: int,
        ppid: int,
        data: bytes,
        *,
        unordered: bool = False,
        max_retransmits: int | None = None,
        lifetime_ms: int | None = None,
    ) -> bool:
        """Send a message; False: there is no room, or there are no channels (any more).

        After the former `on_channels_writable` is called.
        """
        sent = self._native.send(
            transport,
            stream,
            ppid,
            data,
            unordered,
            -1 if max_retransmits is None else max_retransmits,
            -1 if lifetime_ms is None else lifetime_ms,
        )
        if sent and not self._flushing:  # the worker is woken once for all messages of a turn
            self._flushing = True
            self._loop.call_soon(self._flush)
        return bool(sent)

    def pause(self, transport: int, paused: bool) -> None:
        """Read nothing more from a transport's channels, or go on; the client waits meanwhile."""
        self._native.pause(transport, paused)

    def reset(self, transport: int, stream: int) -> None:
        """Close our side of a stream (RFC 8831 section 6.7)."""
        self._native.reset(transport, stream)

    # What the native channels call.

    def on_channels_up(self, transport: int) -> None:
        if owner := self._owners.get(transport):
            self._deliver(owner.on_channels_up)

    def on_channels_down(self, transport: int) -> None:
        if owner := self._owners.get(transport):
            self._deliver(owner.on_channels_down)

    def on_message(self, transport: int, stream: int, ppid: int, data: bytes) -> None:
        if owner := self._owners.get(transport):
            self._deliver(owner.on_message, stream, ppid, data)

    def on_message_too_large(self, transport: int, stream: int) -> None:
        if owner := self._owners.get(transport):
            self._deliver(owner.on_message_too_large, stream)

    def on_channels_writable(self, transport: int) -> None:
        if owner := self._owners.get(transport):
            self._deliver(owner.on_channels_writable)

    def on_channels_reset(self, transport: int, streams: Sequence[int]) -> None:
        if owner := self._owners.get(transport):
            self._deliver(owner.on_channels_reset, streams)

    def _flush(self) -> None:
        self._flushing = False
        if not self._closed:
            self._native.flush()

    def _tick(self) -> None:
        """SCTP's timers, as long as a transport has channels."""
        self._timer = None
        if self._closed or not self._native.due():
            return
        self._native.tick(self._loop.time())
        if not self._closed:
            self._timer = self._loop.call_later(TICK_SECONDS, self._tick)
