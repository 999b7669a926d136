"""A data channel of the application's own (RFC 8831): messages to send and to receive.

    def on_channel(session, channel):            # SFU(on_channel=...), or room.on_channel
        asyncio.create_task(echo(channel))

    async def echo(channel):
        async for message in channel:            # str or bytes
            await channel.send(message)

`send` waits while the client's buffer is full. What an application does not receive fast enough
waits too, and with it the client (reliable channels), or is dropped and counted (lossy ones).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

from fastsfu.errors import RequestError
from fastsfu.transport.dcep import ChannelOpen

MAX_RECEIVED = 256  # messages of one channel that wait to be received
MAX_RECEIVED_BYTES = 1024 * 1024


class Association(Protocol):
    """What a channel needs of those that it shares its association with."""

    def send(self, stream: int, parameters: ChannelOpen, message: bytes | str) -> bool: ...
    async def room(self) -> None: ...
    def pause(self, why: str, paused: bool) -> None: ...
    def reset(self, stream: int) -> None: ...


class Channel:
    """One channel of the application's. Attributes: `label`, `protocol`, `ordered`, `reliable`,
    `id` (the stream), `dropped` (messages that were not received in time on a lossy channel).

    `async for` gives its messages until it is closed.
    """

    def __init__(self, channels: Association, stream: int, parameters: ChannelOpen) -> None:
        self.id = stream
        self.label = parameters.label
        self.protocol = parameters.protocol
        self.ordered = parameters.ordered
        self.reliable = parameters.reliable
        self.dropped = 0
        self._parameters = parameters
        self._channels = channels
        self._received: deque[bytes | str] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._is_closed = False

    def __repr__(self) -> str:
        return f"Channel(id={self.id}, label={self.label!r}, closed={self._is_closed})"

    @property
    def closed(self) -> bool:
        return self._is_closed

    async def send(self, message: bytes | str) -> None:
        """Send a message; waits while the client is slower than that.

        Raises RequestError when the channel is closed, or the message is larger than the client
        takes.
        """
        while not self._is_closed:
            if self._channels.send(self.id, self._parameters, message):
                return
            await self._channels.room()
        raise RequestError("The channel is closed.")

    async def receive(self) -> bytes | str | None:
        """The next message; None when the channel is closed and all has been received."""
        while not self._received:
            if self._is_closed:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        message = self._received.popleft()
        self._bytes -= len(message)
        self._channels.pause(f"channel {self.id}", False)
        return message

    async def __aiter__(self) -> AsyncIterator[bytes | str]:
        while (message := await self.receive()) is not None:
            yield message

    def close(self) -> None:
        """Close it on both ends (RFC 8831 section 6.7). Idempotent."""
        if not self._is_closed:
            self._channels.reset(self.id)

    # What its association calls.

    def put(self, message: bytes | str) -> None:
        full = len(self._received) >= MAX_RECEIVED or self._bytes >= MAX_RECEIVED_BYTES
        if full and not self.reliable:
            self.dropped += 1
            return
        self._received.append(message)
        self._bytes += len(message)
        self._arrived.set()
        if full:
            self._channels.pause(f"channel {self.id}", True)

    def end(self) -> None:
        self._is_closed = True
        self._arrived.set()
