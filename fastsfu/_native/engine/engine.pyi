"""The native engine's Python face: one worker thread with its UDP socket, commanded and observed
from the event loop's thread.

Handles are 64-bit integers (generation << 32 | index), never pointers; a command with a stale
handle does nothing. Calls from another thread than the one that made the engine raise
RuntimeError.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Literal, Protocol

import numpy.typing as npt

from fastsfu._native.engine.channels import Channels
from fastsfu._native.engine.relay_commands import RelayCommands, RelayOptions

class MediaKind(IntEnum):
    AUDIO = 0
    VIDEO = 1

class IceState(IntEnum):
    CONNECTED = 1       # a pair was nominated (again after a restart)
    # no authentic packet within the consent timeout; the transport is still to be closed
    EXPIRED = 2

class DtlsState(IntEnum):
    CONNECTED = 1       # fingerprint checked, SRTP keys handed to the worker
    CLOSED = 2          # the peer said close_notify
    FAILED = 3          # handshake failed or wrong fingerprint; detail says which

class Events(Protocol):
    """What Engine.poll calls, in order of happening."""

    # address "ip:port" of the selected path
    def on_ice(self, transport: int, state: IceState, address: str) -> None: ...
    # detail: SRTP profile name, or why it failed
    def on_dtls(self, transport: int, state: DtlsState, detail: str) -> None: ...
    # first authentic packet
    def on_stream_started(self, inbound: int, ssrc: int) -> None: ...
    def on_stream_ended(self, inbound: int) -> None: ...                             # RTCP BYE
    # 0 silent .. 127 loud, smoothed
    def on_audio_level(self, inbound: int, level: int) -> None: ...

class Links:
    """What the engines of one process share, so that streams can go from one to another."""

class Engine:
    port: int            # UDP port that was bound
    crypto: str          # "ipsec-mb" or "openssl"
    channels: Channels
    relay: RelayCommands
    fingerprint: str     # SHA-256 of the DTLS certificate, "AB:CD:..."

    def __init__(
        self,
        *,
        host: str,                      # "0.0.0.0", "::" (dual stack) or one address
        port: int,                      # 0: any
        certificate_pem: bytes,
        private_key_pem: bytes,
        crypto: Literal["auto", "ipsec-mb", "openssl"] = "auto",
        gso: bool = True,
        gro: bool = True,
        hold_us: int = 500,             # longest wait for the rest of a video frame
        busy_poll_us: int = 0,          # asks for datagrams so long before it sleeps
        max_transports: int = 4096,
        max_streams: int = 65536,
        max_buffers: int = 131072,      # 2 KiB each
        index: int = 0,                 # of the worker, its own among those that share `links`
        links: Links | None = None,
    ) -> None: ...                      # raises OSError, ValueError
    # TURN on the media port; before start. Raises OSError, ValueError
    def open_relay(self, options: RelayOptions) -> None: ...
    extra_port: int | None                  # the relay's further port that was bound; 0: none
    def start(self) -> None: ...
    # ends the thread; frees everything, with the last of those that share its Links; idempotent
    def close(self) -> None: ...
    # grows while the worker lives; wakes it, so that it also does when there is nothing to do
    def beat(self) -> int: ...
    def busy_us(self) -> int: ...       # in which it did not wait, so far
    def fileno(self) -> int: ...        # readable when poll has something to do
    def poll(self, events: Events) -> int: ...          # events delivered
    def dtls_timeout(self) -> float | None: ...         # seconds until handle_dtls_timeouts is due
    def handle_dtls_timeouts(self, events: Events) -> None: ...
    def create_transport(
        self,
        *,
        local_ufrag: str,               # exactly 8 ICE characters, unique
        local_password: str,            # exactly 24 ICE characters
        remote_ufrag: str,
        dtls_client: bool,              # we send the ClientHello (once ICE has connected)
        fingerprints: Sequence[tuple[str, bytes]],      # ("sha-256", digest); one must match
        consent_timeout_us: int = 30_000_000,
    ) -> int: ...
    # ExtensionKind -> id (1..255); replaces
    def set_extensions(self, transport: int, extensions: Mapping[int, int]) -> None: ...
    def restart_ice(
        self, transport: int, *, local_ufrag: str, local_password: str,
        remote_ufrag: str) -> None: ...
    # its streams too; sends BYE and close_notify
    def close_transport(self, transport: int) -> None: ...
    def create_inbound(
        self,
        transport: int,
        *,
        kind: MediaKind,
        mid: str,
        ssrc: int | None,               # None: bound by MID when it arrives
        rtx_ssrc: int | None,
        # (pt, Codec, clock rate, rtx pt or -1)
        payload_types: Sequence[tuple[int, int, int, int]],
        nack: bool,                     # ask for our own losses
        fir: bool,                      # ask for keyframes by FIR (RFC 5104), not PLI
    ) -> int: ...
    # its outbound streams fall silent until closed
    def close_inbound(self, inbound: int) -> None: ...
    # for create_outbound here, of a stream of another engine that has the same Links
    def create_replica(
        self, source: Engine, inbound: int, *, kind: MediaKind, clock_rate: int) -> int: ...
    def close_replica(self, replica: int) -> None: ...
    def create_outbound(
        self,
        transport: int,
        inbound: int,           # or a replica
        *,
        ssrc: int,
        rtx_ssrc: int | None,
        payload_types: Sequence[tuple[int, int, int]],        # (source pt, pt, rtx pt or -1)
        cname: str,                     # at most 64 bytes
        numbered: bool = False,         # with transport-wide numbers, whose id set_extensions has said
    ) -> int: ...
    def close_outbound(self, outbound: int) -> None: ...
    def pause_outbound(self, outbound: int, paused: bool) -> None: ...
    def request_keyframe(self, inbound: int) -> None: ...       # throttled in the worker
    # structured, one row per live RTP stream
    def snapshot(self) -> npt.NDArray[Any]: ...
    # the same dtype, one row for each `row` (0, 1) and `kind`: sums over streams that have ended
    def ended(self) -> npt.NDArray[Any]: ...
    # worker totals: messages, packets, drops by reason, pool marks
    def counters(self) -> dict[str, int]: ...
