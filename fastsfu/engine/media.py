"""The asyncio face of one native engine.

Commands are methods that return handles at once; what happens comes back as calls on the owner of
the transport or stream, from the event loop's reader. DTLS runs in this thread too. Media and keys
stay in the engine; here are only handles, numbers and states (promise P5).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from fastsfu._native.engine.engine import Engine, MediaKind
from fastsfu.engine.channels import EngineChannels
from fastsfu.engine.counted import Counted
from fastsfu.engine.dtls_timer import DtlsTimer
from fastsfu.engine.owners import OnBegun, OnLimit, Owners, StreamOwner, TransportOwner
from fastsfu.engine.relays import RelayUsers
from fastsfu.engine.voices import RoomVoices
from fastsfu.engine.ways import Ways
from fastsfu.transport.ice import Candidate
from fastsfu.transport.relay import Relay

ANY_LAYER = 255  # of `set_preference`


class MediaEngine(Counted, Ways):
    """One native engine, its reader and its DTLS timer, within one running event loop."""

    def __init__(
        self,
        native: Engine,
        candidates: Sequence[Candidate],
        consent_timeout: float,
        max_transports: int = 4096,
        relay: Relay | None = None,
        relay_users: RelayUsers | None = None,
    ) -> None:
        """Take over a started engine. `candidates` go into each answer; the timeout in seconds.

        `relay` is what it relays by TURN, if it does; `relay_users` whom all of them do it for.
        """
        self.lost = False  # its worker does nothing any more; commands wait for it
        self.sessions = 0  # that are placed here; counted by them
        self._open_ways(native, candidates, relay, relay_users)
        self.consent_timeout = consent_timeout
        self._max_transports = max_transports
        self._loop = asyncio.get_running_loop()
        self._owners = Owners(self._loop)
        self.channels = EngineChannels(native.channels, self._owners.tell)
        self._timer = DtlsTimer(native, self._owners)
        self._closed = False
        self._loop.add_reader(native.fileno(), self._on_readable)
        native.wake_by(self._loop.call_soon)

    def vacate(self, session_id: str) -> None:
        """A session that was placed here has ended: nothing is relayed for it any more."""
        self.sessions -= 1
        self._relay_users.revoke(session_id)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DTLS certificate, "AB:CD:..." (RFC 8122)."""
        return self._native.fingerprint

    @property
    def crypto(self) -> str:
        """Where SRTP's primitives come from: "ipsec-mb" or "openssl"."""
        return self._native.crypto

    @property
    def full(self) -> bool:
        """Takes no further client."""
        return self.sessions >= self._max_transports

    def beat(self) -> int:
        """A number that is another one each time, seconds apart, as long as the worker lives."""
        return self._native.beat()

    def give_up(self) -> None:
        """The worker has stopped: tell the owners of its transports, who close them.

        Should it go on some day, it finds their commands waiting; then set `lost` to False.
        """
        self.lost = True
        self._owners.lose_all()

    def close(self) -> None:
        """End the worker and free everything; owners hear nothing more. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._timer.close()
        self.channels.close()
        self._loop.remove_reader(self._native.fileno())
        self._native.close()

    def create_transport(
        self,
        owner: TransportOwner,
        *,
        local_ufrag: str,
        local_password: str,
        remote_ufrag: str,
        remote_password: str,
        dtls_client: bool,
        fingerprints: Sequence[tuple[str, bytes]],
    ) -> int:
        """Make the transport of one BUNDLE (RFC 9143) and return its handle."""
        transport = self._native.transports.create(
            local_ufrag=local_ufrag,
            local_password=local_password,
            remote_ufrag=remote_ufrag,
            remote_password=remote_password,
            dtls_client=dtls_client,
            fingerprints=fingerprints,
            consent_timeout_us=round(self.consent_timeout * 1e6),
        )
        self._owners.add_transport(transport, owner, local_ufrag)
        return transport

    def set_extensions(self, transport: int, extensions: Mapping[int, int]) -> None:
        """Say which header extensions are negotiated now: ExtensionKind -> id (RFC 8285)."""
        self._native.transports.set_extensions(transport, extensions)

    def restart_ice(
        self,
        transport: int,
        *,
        local_ufrag: str,
        local_password: str,
        remote_ufrag: str,
        remote_password: str,
    ) -> None:
        """Take new credentials; the old path stays until a new one is nominated (RFC 8445 2.4)."""
        self._native.transports.restart_ice(
            transport,
            local_ufrag=local_ufrag,
            local_password=local_password,
            remote_ufrag=remote_ufrag,
            remote_password=remote_password,
        )
        self._owners.rename(transport, local_ufrag)

    def has_transport(self, ufrag: str) -> bool:
        """Whether one of its transports has this username fragment of ours now."""
        return self._owners.knows(ufrag)

    def close_transport(self, transport: int) -> None:
        """Say goodbye to the peer and free the transport with all its streams."""
        self._owners.drop_transport(transport)
        self.channels.forget(transport)
        self._native.transports.close(transport)
        self._timer.set()

    def create_inbound(
        self,
        owner: StreamOwner,
        transport: int,
        *,
        video: bool,
        mid: str,
        ssrc: int | None,
        rtx_ssrc: int | None,
        payload_types: Sequence[tuple[int, int, int, int]],
        nack: bool,
        fir: bool,
        remb: bool = False,
        voices: RoomVoices | None = None,
        rid: str = "",
        lower: int = 0,
    ) -> int:
        """Expect a stream; `payload_types` are (pt, codec, clock rate in Hz, rtx pt or -1).

        `fir`: ask for keyframes by FIR, where PLI was not negotiated. `remb`: tell the sender how
        much its receivers can have. `voices`: those of the room, when it is one of them. `rid`
        (RFC 8851) tells it from other encodings of its source, of which `lower` is the one that was
        made before it.
        """
        inbound = self._native.streams.create_inbound(
            transport,
            kind=MediaKind.VIDEO if video else MediaKind.AUDIO,
            mid=mid,
            ssrc=ssrc,
            rtx_ssrc=rtx_ssrc,
            payload_types=payload_types,
            nack=nack,
            fir=fir,
            remb=remb,
            voices=voices,
            rid=rid,
            lower=lower,
        )
        self._owners.add_stream(inbound, owner, transport)
        return inbound

    def close_inbound(self, inbound: int) -> None:
        """Stop expecting it. Close its outbound streams too: they are silent from now on."""
        self._owners.drop_stream(inbound)
        self._native.streams.close_inbound(inbound)

    def pause_inbound(self, inbound: int, paused: bool) -> None:
        """Pass nothing of it on, or go on; video goes on at the keyframe that is then asked for."""
        self._native.streams.pause_inbound(inbound, paused)

    def pin_inbound(self, inbound: int, pinned: bool) -> None:
        """Pass this voice on however loud it is, or only while it is among the chosen."""
        self._native.streams.pin_inbound(inbound, pinned)

    def create_replica(
        self,
        home: "MediaEngine",
        inbound: int,
        *,
        video: bool,
        clock_rate: int,
        lower: int,
        on_wanted: Callable[[bool], None],
    ) -> int:
        """A stream of another engine, to be forwarded here: the `inbound` of `create_outbound`.

        `lower`: the replica of another encoding of its source, or 0. `on_wanted` is called when
        somebody here has use for this encoding, or nobody any more; until then nobody has.
        """
        replica = self._native.streams.create_replica(
            home._native.streams,
            inbound,
            kind=MediaKind.VIDEO if video else MediaKind.AUDIO,
            clock_rate=clock_rate,
            lower=lower,
        )
        self._owners.add_replica(replica, on_wanted)
        return replica

    def close_replica(self, replica: int) -> None:
        """Its outbound streams are silent from now on."""
        self._owners.drop_replica(replica)
        self._native.streams.close_replica(replica)

    def create_outbound(
        self,
        transport: int,
        inbound: int,
        *,
        ssrc: int,
        rtx_ssrc: int | None,
        payload_types: Sequence[tuple[int, int, int]],
        cname: str,
        mid: str = "",
        numbered: bool = False,
        paused: bool = False,
        on_limit: OnLimit | None = None,
        on_begun: OnBegun = lambda: None,
    ) -> int:
        """Forward `inbound` to `transport`; `payload_types` are (source pt, pt, rtx pt or -1).

        `mid`: of its section, where its packets are to say so (RFC 9143 section 15).
        `numbered`: transport-wide numbers were negotiated for it, of which the receiver tells.
        `paused`: until `pause_outbound` lets it flow.
        `on_limit` is called when it does not fit there, whole or at all, and when it does again;
        `on_begun` when the first frame of a video is on its way.
        """
        outbound = self._native.streams.create_outbound(
            transport,
            inbound,
            ssrc=ssrc,
            rtx_ssrc=rtx_ssrc,
            payload_types=payload_types,
            cname=cname,
            mid=mid,
            numbered=numbered,
            paused=paused,
        )
        if on_limit is not None:
            self._owners.add_outbound(outbound, on_limit, on_begun, transport)
        return outbound

    def close_outbound(self, outbound: int) -> None:
        """Stop forwarding; the receiver gets a BYE."""
        self._owners.drop_outbound(outbound)
        self._native.streams.close_outbound(outbound)

    def pause_outbound(self, outbound: int, paused: bool) -> None:
        """Stop or go on forwarding; video goes on at the keyframe that the engine then asks for."""
        self._native.streams.pause_outbound(outbound, paused)

    def set_preference(
        self, outbound: int, *, priority: int, most_layer: int | None, most_height: int | None
    ) -> None:
        """The largest of its source's encodings that it is to get: by place (0 is the smallest) and
        by the picture's height; who has the greater priority goes first where not all fits."""
        self._native.streams.set_preference(
            outbound,
            priority=priority,
            most_layer=ANY_LAYER if most_layer is None else most_layer,
            most_height=most_height or 0,
        )

    def _on_readable(self) -> None:
        self._native.poll(self._owners)
        self._timer.set()
