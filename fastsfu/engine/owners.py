"""Who hears of what happens in an engine: the owners of its transports, streams and channels."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from fastsfu._native.engine.events import DtlsState, IceState
from fastsfu.terms import Unfit

OnLimit = Callable[[Unfit | None], None]
OnBegun = Callable[[], None]


class TransportOwner(Protocol):
    """Who made a transport. May close it from within these calls."""

    def on_path(self, address: str, local: str) -> None:
        """ICE nominated a pair, at first or after a restart, or DTLS was done before it had;
        `address` is the peer's "ip:port", `local` ours, "" where it is not known."""

    def on_path_lost(self) -> None:
        """No authentic packet within the consent timeout (RFC 7675); an ICE restart can bring it
        back, and then there is another `on_path`."""

    def on_secured(self, profile: str) -> None:
        """DTLS is done and the fingerprint matched: media flows under this SRTP profile."""

    def on_security_closed(self) -> None:
        """The peer said close_notify: it has closed its connection."""

    def on_security_failed(self, detail: str) -> None:
        """DTLS failed, or the certificate had another fingerprint; `detail` says which."""

    def on_worker_lost(self) -> None:
        """The worker has stopped, and with it all media of this transport."""


class StreamOwner(Protocol):
    """Who made an inbound stream."""

    def on_stream_started(self, ssrc: int) -> None:
        """Its first authentic packet came, with this SSRC."""

    def on_stream_ended(self) -> None:
        """The sender said BYE (RFC 3550 section 6.6)."""

    def on_audio_level(self, level: int) -> None:
        """Smoothed loudness, 0 silent .. 127 loud, when it changes (RFC 6464)."""

    def on_wanted(self, wanted: bool) -> None:
        """Somebody at its own engine has use for it, one encoding among several, or nobody.

        Until it is called somebody has.
        """


class ChannelOwner(Protocol):
    """Whose data channels a transport carries (RFC 8831)."""

    def on_channels_up(self) -> None:
        """The SCTP association stands: messages can be sent."""

    def on_channels_down(self) -> None:
        """The client aborted it; nothing more comes."""

    def on_message(self, stream: int, ppid: int, data: bytes) -> None:
        """A whole message; `ppid` as in RFC 8831 section 8."""

    def on_message_too_large(self, stream: int) -> None:
        """One that was larger than `max_message_bytes` was dropped."""

    def on_channels_writable(self) -> None:
        """There is room again, after a message found none."""

    def on_channels_reset(self, streams: Sequence[int]) -> None:
        """The client closed its side of these streams; of all, when none is named."""


class Owners:
    """Those of one engine, by handle. What `Engine.poll` calls (its `Events`) goes on to them.

    A handle without an owner was closed while the event was on its way: nothing is left to tell.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transports: dict[int, TransportOwner] = {}
        self._streams: dict[int, StreamOwner] = {}
        # By outbound stream: its transport, and whom to call.
        self._heard: dict[int, tuple[int, OnLimit, OnBegun]] = {}
        self._outbounds_of: dict[int, set[int]] = {}
        self._streams_of: dict[int, set[int]] = {}
        self._transport_of: dict[int, int] = {}
        self._replicas: dict[int, Callable[[bool], None]] = {}
        self._ufrag_of: dict[int, str] = {}
        self._ufrags: set[str] = set()

    def tell(self, callback: Callable[..., None], *args: object) -> None:
        """One owner's fault must not cost others their events; the loop's handler hears of it."""
        try:
            callback(*args)
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": f"fault in {callback.__qualname__}", "exception": error}
            )

    def add_transport(self, transport: int, owner: TransportOwner, ufrag: str) -> None:
        """`ufrag` is our ICE username fragment."""
        self._transports[transport] = owner
        self._streams_of[transport] = set()
        self._outbounds_of[transport] = set()
        self.rename(transport, ufrag)

    def rename(self, transport: int, ufrag: str) -> None:
        """ICE was restarted."""
        self._ufrags.discard(self._ufrag_of.get(transport, ""))
        self._ufrag_of[transport] = ufrag
        self._ufrags.add(ufrag)

    def knows(self, ufrag: str) -> bool:
        """Whether one of the transports has this username fragment now."""
        return ufrag in self._ufrags

    def drop_transport(self, transport: int) -> None:
        """With all its streams."""
        del self._transports[transport]
        self._ufrags.discard(self._ufrag_of.pop(transport))
        for inbound in self._streams_of.pop(transport):
            del self._streams[inbound], self._transport_of[inbound]
        for outbound in self._outbounds_of.pop(transport):
            self._heard.pop(outbound, None)

    def add_stream(self, inbound: int, owner: StreamOwner, transport: int) -> None:
        self._streams[inbound] = owner
        self._streams_of[transport].add(inbound)
        self._transport_of[inbound] = transport

    def drop_stream(self, inbound: int) -> None:
        del self._streams[inbound]
        self._streams_of[self._transport_of.pop(inbound)].discard(inbound)

    def add_replica(self, replica: int, on_wanted: Callable[[bool], None]) -> None:
        self._replicas[replica] = on_wanted

    def drop_replica(self, replica: int) -> None:
        del self._replicas[replica]

    def lose_all(self) -> None:
        """The worker has stopped; they close their transports, each maybe others' with its own."""
        for transport, owner in list(self._transports.items()):
            if transport in self._transports:
                self.tell(owner.on_worker_lost)

    # What Engine.poll calls.

    def on_ice(self, transport: int, state: IceState, address: str, local: str) -> None:
        owner = self._transports.get(transport)
        if owner is None:
            return
        if state == IceState.CONNECTED:
            self.tell(owner.on_path, address, local)
        else:
            self.tell(owner.on_path_lost)

    def on_dtls(self, transport: int, state: DtlsState, detail: str) -> None:
        owner = self._transports.get(transport)
        if owner is None:
            return
        if state == DtlsState.CONNECTED:
            self.tell(owner.on_secured, detail)
        elif state == DtlsState.CLOSED:
            self.tell(owner.on_security_closed)
        else:
            self.tell(owner.on_security_failed, detail)

    def on_stream_started(self, inbound: int, ssrc: int) -> None:
        if owner := self._streams.get(inbound):
            self.tell(owner.on_stream_started, ssrc)

    def on_stream_ended(self, inbound: int) -> None:
        if owner := self._streams.get(inbound):
            self.tell(owner.on_stream_ended)

    def on_audio_level(self, inbound: int, level: int) -> None:
        if owner := self._streams.get(inbound):
            self.tell(owner.on_audio_level, level)

    def on_wanted(self, stream: int, wanted: bool) -> None:
        if owner := self._streams.get(stream):
            self.tell(owner.on_wanted, wanted)
        elif on_wanted := self._replicas.get(stream):
            self.tell(on_wanted, wanted)

    def on_limit(self, outbound: int, limit: Unfit | None) -> None:
        if found := self._heard.get(outbound):
            self.tell(found[1], limit)

    def on_begun(self, outbound: int) -> None:
        if found := self._heard.get(outbound):
            self.tell(found[2])

    def add_outbound(
        self, outbound: int, on_limit: OnLimit, on_begun: OnBegun, transport: int
    ) -> None:
        """Called when a video does not fit to its receiver, whole or at all, or does again; and
        when its first frame is on its way."""
        self._heard[outbound] = transport, on_limit, on_begun
        self._outbounds_of[transport].add(outbound)

    def drop_outbound(self, outbound: int) -> None:
        if found := self._heard.pop(outbound, None):
            self._outbounds_of[found[0]].discard(outbound)
