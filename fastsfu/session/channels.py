"""A session's data channels (RFC 8831): app messages on their pre-negotiated stream, and channels
that client and application open by themselves (DCEP, RFC 8832).

All channels of a client share one SCTP association.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol
from weakref import ref

from fastsfu import hooks
from fastsfu.auth.permissions import Permissions
from fastsfu.config import Config
from fastsfu.engine.channels import CHANNEL_STREAMS
from fastsfu.engine.media import MediaEngine
from fastsfu.errors import RequestError
from fastsfu.messages.exchange import AppMessage, Exchange, OnAppMessage
from fastsfu.messages.mail import Mail
from fastsfu.messages.mailbox import Mailbox
from fastsfu.sdp.negotiate import Offer
from fastsfu.session.channel import Channel
from fastsfu.terms import Source
from fastsfu.transport import dcep, frames
from fastsfu.transport.dcep import ChannelOpen, DcepError

MAX_CHANNELS = 32  # of one session, besides the app messages
MAX_MESSAGE_BYTES = 65536  # that we take, whatever the limit of app messages

_TEXTS = (dcep.PPID_TEXT, dcep.PPID_TEXT_EMPTY)
_EMPTIES = (dcep.PPID_TEXT_EMPTY, dcep.PPID_BINARY_EMPTY)


OnChannel = Callable[[Any, Channel], None]


class Switchboard(Protocol):
    """What the data channels need of the room."""

    exchange: Exchange
    on_app_message: OnAppMessage | None
    on_channel: OnChannel | None


class Client(Protocol):
    """What they need of their session."""

    id: str
    mailbox: Mailbox | None

    @property
    def permissions(self) -> Permissions: ...
    @property
    def room(self) -> Switchboard: ...
    def update_local(
        self, sources: Mapping[Source, bool], *, user_data: Any, revision: int
    ) -> None: ...


class SessionChannels:
    """All data channels of one session; the engine tells it what comes on them."""

    def __init__(self, engine: MediaEngine, config: Config, client: Client) -> None:
        self._engine = engine
        self._config = config
        self._client_there = ref(client)
        self._mail: Mail | None = None
        self._transport: int | None = None
        self._client_takes = 0  # bytes of a message; 0: any
        self._first_own = 1  # RFC 8832 section 6: the DTLS server opens odd streams, else even
        self._channels: dict[int, Channel] = {}
        self._pauses: set[str] = set()
        self._room = asyncio.Event()
        self._is_up = False

    @property
    def _client(self) -> Client:
        client = self._client_there()
        assert client is not None, "it outlives its channels"
        return client

    @property
    def max_message_bytes(self) -> int:
        """What we take of a message."""
        return max(MAX_MESSAGE_BYTES, self._config.max_app_message_bytes + frames.ENVELOPE_BYTES)

    def follow(self, transport: int, offer: Offer) -> None:
        """The first offer with a section for data channels opens them; they stay."""
        if offer.channels is None or self._transport is not None:
            return
        self._transport = transport
        self._first_own = 0 if offer.dtls_client else 1
        self._client_takes = offer.channels.max_message_bytes
        self._mail = Mail(
            self._client.mailbox or Mailbox(self._client.id),
            self._client.room.exchange,
            self._config,
            may_send=lambda: self._client.permissions.messages,
            check=self._check_app_message,
            describe=self._describe,
        )
        self._engine.channels.open(
            self,
            transport,
            remote_port=offer.channels.port,
            max_message_bytes=self.max_message_bytes,
        )

    def open(
        self,
        label: str,
        *,
        protocol: str = "",
        ordered: bool = True,
        max_retransmits: int | None = None,
        lifetime_ms: int | None = None,
    ) -> Channel:
        """Open a channel to the client (RFC 8832); a limit of either kind makes it lossy.

        It can be used at once. Raises RequestError when the client has no data channels, or too
        many.
        """
        parameters = ChannelOpen(label, protocol, ordered, max_retransmits, lifetime_ms)
        if not self._is_up:
            raise RequestError("The client has no data channels (yet).")
        streams = range(self._first_own, CHANNEL_STREAMS, 2)
        taken = {frames.CHANNEL_ID, *self._channels}
        stream = next((each for each in streams if each not in taken), None)
        if stream is None or len(self._channels) >= MAX_CHANNELS:
            raise RequestError(f"A session has at most {MAX_CHANNELS} channels.")
        if not self._send(stream, dcep.PPID, dcep.write(parameters)):
            raise RequestError("The client does not read its data channels.")
        channel = self._channels[stream] = Channel(self, stream, parameters)
        return channel

    def close(self) -> None:
        """The session is over."""
        self.on_channels_down()
        self._mail = self._transport = None

    # What channels and mail call.

    def send_frame(self, frame: bytes) -> bool:
        """One of the app messages' frames; False: there is no room now."""
        return self._send(frames.CHANNEL_ID, dcep.PPID_TEXT, frame)

    def send(self, stream: int, parameters: ChannelOpen, message: bytes | str) -> bool:
        """False: there is no room now. Raises RequestError for one that is too large."""
        data = message.encode() if isinstance(message, str) else message
        if 0 < self._client_takes < len(data):
            limit = self._client_takes
            raise RequestError(f"The client takes {limit} bytes, not {len(data)}.", "too-large")
        ppid = dcep.PPID_TEXT if isinstance(message, str) else dcep.PPID_BINARY
        if not data:
            ppid = dcep.PPID_TEXT_EMPTY if isinstance(message, str) else dcep.PPID_BINARY_EMPTY
        return self._send(
            stream,
            ppid,
            data or b"\0",
            unordered=not parameters.ordered,
            max_retransmits=parameters.max_retransmits,
            lifetime_ms=parameters.lifetime_ms,
        )

    async def room(self) -> None:
        """Wait until it is worth trying to send again."""
        self._room.clear()
        await self._room.wait()

    def pause(self, why: str, paused: bool) -> None:
        """Read nothing more of the client while there is a reason not to."""
        (self._pauses.add if paused else self._pauses.discard)(why)
        if self._transport is not None:
            self._engine.channels.pause(self._transport, bool(self._pauses))

    def reset(self, stream: int) -> None:
        """Close a stream, and the channel that it carries if there is one."""
        if channel := self._channels.pop(stream, None):
            channel.end()
        self._pauses.discard(f"channel {stream}")
        if self._transport is not None:
            self._engine.channels.reset(self._transport, stream)

    # What the engine calls (`engine.ChannelOwner`).

    def on_channels_up(self) -> None:
        self._is_up = True
        if self._mail is not None:
            self._mail.open(self)

    def on_channels_down(self) -> None:
        self._is_up = False
        if self._mail is not None:
            self._mail.close()
        for channel in self._channels.values():
            channel.end()
        self._channels.clear()
        self._room.set()

    def on_message(self, stream: int, ppid: int, data: bytes) -> None:
        client = self._client_there()  # held until the end: the application may end it meanwhile
        if client is None:
            return
        if ppid == dcep.PPID:
            self._on_dcep(stream, data)
        elif stream == frames.CHANNEL_ID and self._mail is not None:
            self._mail.receive(data)
        elif channel := self._channels.get(stream):
            if ppid in _EMPTIES:
                data = b""
            channel.put(data.decode(errors="replace") if ppid in _TEXTS else data)

    def on_message_too_large(self, stream: int) -> None:
        """The application's channels cannot say what was lost, so they are closed."""
        if stream == frames.CHANNEL_ID and self._mail is not None:
            self._mail.too_large()
        elif channel := self._channels.get(stream):
            channel.close()

    def on_channels_writable(self) -> None:
        self._room.set()
        if self._mail is not None:
            self._mail.flush()

    def on_channels_reset(self, streams: Sequence[int]) -> None:
        """The client closed these (all, when none is named); our side of them follows."""
        for stream in streams or list(self._channels):
            if channel := self._channels.get(stream):
                channel.close()

    def _on_dcep(self, stream: int, data: bytes) -> None:
        """An OPEN is acknowledged or, where it cannot be had, answered by closing the stream, which
        the client sees its channel do (RFC 8832 section 6). An acknowledgement is not waited for.
        """
        if stream == frames.CHANNEL_ID:
            return  # it was negotiated in advance
        try:
            parameters = dcep.read(data)
        except DcepError:
            self.reset(stream)
            return
        if parameters is None:
            return
        # Which side's number it is does not matter: some go by their part in ICE, not in DTLS.
        if stream in self._channels or len(self._channels) >= MAX_CHANNELS:
            self.reset(stream)
            return
        channel = self._channels[stream] = Channel(self, stream, parameters)
        try:
            self._offer(channel)
        except RequestError:
            channel.close()
            return
        self._send(stream, dcep.PPID, dcep.ACK)

    def _offer(self, channel: Channel) -> None:
        hook = self._client.room.on_channel
        if hook is None:
            raise RequestError("Nobody takes data channels here.")
        hooks.call(hook, self._client, channel)

    def _check_app_message(self, message: AppMessage) -> None:
        hook = self._client.room.on_app_message
        if hook is not None:
            hooks.call(hook, self._client, message)

    def _describe(self, said: frames.Metadata) -> None:
        if self._is_up:  # what comes behind the client's last word has nobody to be told of
            with suppress(RequestError):  # it may only watch, and was told so
                self._client.update_local(
                    said.sources, user_data=said.user_data, revision=said.revision
                )

    def _send(self, stream: int, ppid: int, data: bytes, **how: Any) -> bool:
        return self._transport is not None and self._engine.channels.send(
            self._transport, stream, ppid, data, **how
        )
