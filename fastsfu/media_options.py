"""Options of the media engine and of its relays: the part of Config that is about packets."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from fastsfu.options import AudioCodecs, Networks, Port, Seconds, Secret, TurnUrls, VideoCodecs
from fastsfu.sdp.codecs import AUDIO_CODECS, VIDEO_CODECS


class MediaOptions(BaseSettings):
    """Those of Config, which describes where options come from."""

    model_config = SettingsConfigDict(
        env_prefix="FASTSFU_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # an input may be a secret
        use_attribute_docstrings=True,
    )

    # Media

    video_codecs: VideoCodecs = list(VIDEO_CODECS)
    """Video codecs, most preferred first: a publisher sends the first that it knows."""

    audio_codecs: AudioCodecs = list(AUDIO_CODECS)
    """Audio codecs, most preferred first."""

    audio_forward: Annotated[int, Field(ge=0, le=32)] = 6
    """Voices of a room that the SFU passes on at most, the loudest; 0: all, also those that say
    nothing. Rooms may say otherwise themselves.
    """

    opus_dtx: bool = True
    """Ask microphones to send next to nothing while nobody speaks (DTX, RFC 7587). Rooms may say
    otherwise themselves.
    """

    crypto: Literal["auto", "ipsec-mb", "openssl"] = "auto"
    """SRTP primitives: auto takes IPsec-MB, the faster one, where it is installed."""

    gso: bool = True
    """Send several packets in one message (UDP_SEGMENT) where the kernel can."""

    gro: bool = True
    """Receive several packets in one message (UDP_GRO) where the kernel can."""

    hold_us: Annotated[int, Field(ge=0, le=10_000)] = 500
    """Microseconds that a video packet may wait for the rest of its frame, to leave in one message
    with it.
    """

    batch_us: Annotated[int, Field(ge=0, le=10_000)] = 2500
    """Microseconds at most that a busy worker lets datagrams gather before it takes them all: none
    while it is idle for nine tenths of the time, all of them from eight tenths on.
    """

    busy_poll_us: Annotated[int, Field(ge=0, le=100_000)] = 0
    """Microseconds that a worker asks for datagrams before it sleeps, for hosts whose cores wake
    slowly; each worker's core is then busy all the time. 0 sleeps at once.
    """

    real_time: bool = True
    """Let workers go before all else on their cores (SCHED_RR), where the system permits it
    (RLIMIT_RTPRIO, CAP_SYS_NICE). Who needs more than 85 % of a core shares the rest of it with all
    others. Not with `busy_poll_us`.
    """

    max_transports: Annotated[int, Field(ge=1, le=65_536)] = 4096
    """Clients that one worker serves at most; its tables are sized by it."""

    max_streams: Annotated[int, Field(ge=1, le=1_048_576)] = 65_536
    """RTP streams that one worker forwards at most, in and out."""

    max_buffers: Annotated[int, Field(ge=256)] = 131_072
    """Packet buffers of 2 KiB for packets under way and for retransmission history."""

    # Relays

    turn: bool = True
    """Be a TURN relay (RFC 8656) for the participants, on the media port."""

    turn_port: Port | None = None
    """A further UDP port for TURN, usually 3478, for networks that let just this one through."""

    turn_min_port: Annotated[int, Field(ge=1024, le=65535)] = 49152
    """First UDP port of the range that relayed addresses are taken from; a firewall has to let it
    in. Keep other services out of it.
    """

    turn_max_port: Annotated[int, Field(ge=1024, le=65535)] = 65535
    """Last port of that range."""

    turn_allowed_peers: Networks = []
    """Networks (`10.0.0.0/8`) that the relay sends to though they are private, loopback or this
    machine's own. Default: public addresses only, and the relays and media ports of this server.
    """

    turn_max_allocations: Annotated[int, Field(ge=1, le=65_536)] = 4096
    """Relayed addresses that one worker gives out at most."""

    turn_user_allocations: Annotated[int, Field(ge=1)] = 16
    """Relayed addresses of one participant at most; a browser takes one for each of its network
    interfaces and each way to the relay.
    """

    turn_user_bandwidth: Annotated[int, Field(ge=0)] = 50_000_000
    """Bits a second that one participant may have relayed, both directions together; 0: any."""

    turn_bandwidth: Annotated[int, Field(ge=0)] = 0
    """Bits a second that one worker relays at most, for all together; 0: any."""

    turn_urls: TurnUrls = []
    """External TURN and STUN servers that clients are told of (`turn:host:3478?transport=udp`).
    Give their common `turn_secret` with them.
    """

    turn_secret: Secret | None = None
    """What the external TURN servers share with this one (coturn: `static-auth-secret`): clients
    get user names and passwords made with it.
    """

    turn_credential_lifetime: Seconds = 86_400.0
    """Seconds for which a participant's TURN credentials are good: longer than calls last. The
    built-in relay ends them with the session.
    """
