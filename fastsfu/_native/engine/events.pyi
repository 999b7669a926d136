"""What an engine tells."""

from enum import IntEnum
from typing import Literal, Protocol

class IceState(IntEnum):
    CONNECTED = 1  # a pair was nominated (again after a restart)
    # no authentic packet within the consent timeout; the transport is still to be closed
    EXPIRED = 2

class DtlsState(IntEnum):
    CONNECTED = 1  # fingerprint checked, SRTP keys handed to the worker
    CLOSED = 2  # the peer said close_notify
    FAILED = 3  # handshake failed or wrong fingerprint; detail says which

class Events(Protocol):
    """What Engine.poll calls, in order of happening."""

    # "ip:port" of the selected path, the client's and ours; "": not known
    def on_ice(self, transport: int, state: IceState, address: str, local: str) -> None: ...
    # detail: SRTP profile name, or why it failed
    def on_dtls(self, transport: int, state: DtlsState, detail: str) -> None: ...
    # first authentic packet
    def on_stream_started(self, inbound: int, ssrc: int) -> None: ...
    def on_stream_ended(self, inbound: int) -> None: ...  # RTCP BYE
    # 0 silent .. 127 loud, smoothed
    def on_audio_level(self, inbound: int, level: int) -> None: ...
    # somebody at this worker asks for this encoding (an inbound stream or a replica), or nobody
    def on_wanted(self, stream: int, wanted: bool) -> None: ...
    # a video's first frame is on its way to its receiver
    def on_begun(self, outbound: int) -> None: ...
    # it does not fit to its receiver, whole or at all, or does again
    def on_limit(self, outbound: int, limit: Literal["bandwidth", "suspended"] | None) -> None: ...
