"""Who hears of what happens in the engine: Protocols that the engine's face calls."""

from collections.abc import Sequence
from typing import Protocol


class TransportOwner(Protocol):
    """Who made a transport. May close it from within these calls."""

    def on_path(self, address: str) -> None:
        """ICE nominated a pair, at first or after a restart; `address` is the peer's "ip:port"."""

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
