"""The Python face of one worker; the contract is in fastsfu/_native/engine/engine.pyi.

Invariants: 1. Only the thread that made the engine calls it: it is the one producer of commands and
the one consumer of events. 2. The worker's thread holds no Python object and never waits for the
GIL. 3. Keys and datagrams cross between DTLS (here) and the worker inside native memory only
(promise P5).
"""

import hashlib
import ipaddress
import os
import ssl
import threading
import time
from enum import IntEnum

from fastsfu._native.engine.channels import Channels

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
cimport cython
from libc.stdlib cimport calloc, free

from fastsfu._native.base.net cimport ENOSYS, getrandom
from fastsfu._native.base.ring cimport (
    ring_drain_wake, ring_front, ring_pop, ring_reserve, ring_wake,
)
from fastsfu._native.crypto.suite cimport (
    MAKER_AUTO, MAKER_IPSEC_MB, MAKER_OPENSSL, SuiteMaker, suite_name,
)
from fastsfu._native.engine.associations cimport (
    ASSOCIATION_UNCHANGED, AssociationChange, Associations,
)
from fastsfu._native.engine.commands cimport Commands
from fastsfu._native.engine.handles cimport (
    Handles, handles_free, handles_give_back, handles_init, handles_live, handles_take,
)
from fastsfu._native.engine.links cimport Links as NativeLinks
from fastsfu._native.engine.relay_commands cimport RelayCommands
from fastsfu._native.engine.relay_request cimport request_relay
from fastsfu._native.engine.request cimport (
    request_credentials, request_extensions, request_inbound, request_outbound,
)
from fastsfu._native.engine.snapshot cimport read_counters, read_ended, read_rows
from fastsfu._native.net.udp cimport udp_open
from fastsfu._native.turn.relay cimport Relay, relay_init, relay_open_extra
from fastsfu._native.worker.command cimport *
from fastsfu._native.worker.event cimport *
from fastsfu._native.worker.state cimport Worker
from fastsfu._native.engine.links import Links
from fastsfu._native.base.address cimport Address
from fastsfu._native.peer.ice cimport IceCredentials
from fastsfu._native.worker.worker cimport WorkerOptions, worker_init, worker_run

STOP_SECONDS = 5.0                    # that a worker's thread has to end

cdef dict MAKERS = {"auto": MAKER_AUTO, "ipsec-mb": MAKER_IPSEC_MB, "openssl": MAKER_OPENSSL}


class MediaKind(IntEnum):
    AUDIO = 0
    VIDEO = 1


class IceState(IntEnum):
    CONNECTED = 1
    EXPIRED = 2


class DtlsState(IntEnum):
    CONNECTED = 1
    CLOSED = 2
    FAILED = 3


@cython.no_gc_clear                   # `links` is needed to the end
cdef class Engine:
    """One worker thread, its socket and its rings."""

    cdef Worker* worker
    cdef NativeLinks links
    cdef Commands commands
    cdef Handles transports
    cdef Handles streams
    cdef Associations associations
    cdef readonly object channels     # Channels
    cdef readonly RelayCommands relay
    cdef dict streams_of              # transport -> {its streams}
    cdef dict transport_of            # stream -> its transport
    cdef object thread
    cdef object owner                 # ident of the thread that may call
    cdef readonly int port
    cdef readonly str crypto
    cdef readonly str fingerprint

    def __cinit__(
            self, *, str host, uint16_t port, bytes certificate_pem, bytes private_key_pem,
            str crypto="auto", bint gso=True, bint gro=True, int64_t hold_us=500,
            int64_t busy_poll_us=0,
            uint32_t max_transports=4096, uint32_t max_streams=65536, uint32_t max_buffers=131072,
            uint32_t index=0, NativeLinks links=None):
        cdef WorkerOptions options
        cdef int error
        if crypto not in MAKERS:
            raise ValueError(f"crypto is one of {', '.join(MAKERS)}, not {crypto!r}")
        self.owner = threading.get_ident()
        self.streams_of = {}
        self.transport_of = {}
        self.associations = Associations(certificate_pem, private_key_pem, max_transports)
        self.channels = Channels(self.associations)
        self.relay = RelayCommands()
        self.fingerprint = certificate_fingerprint(certificate_pem)
        options.index = index
        options.max_transports = max_transports
        options.max_streams = max_streams
        options.max_buffers = max_buffers
        options.hold_us = hold_us
        options.busy_poll_us = busy_poll_us
        self.worker = <Worker*>calloc(1, sizeof(Worker))
        self.links = Links() if links is None else links
        if (self.worker == NULL or handles_init(&self.transports, max_transports) < 0
                or handles_init(&self.streams, max_streams) < 0):
            raise MemoryError
        self.worker.udp.fd = -1
        self.worker.index = index
        try:
            self.links.add(self.worker)
        except BaseException:
            free(self.worker)
            self.worker = NULL
            raise
        error = worker_init(self.worker, <SuiteMaker><int>MAKERS[crypto], &options)
        if error == -ENOSYS:
            raise ValueError(f"SRTP primitives by {crypto!r} are not to be had on this machine")
        if error == 0:
            error = udp_open(&self.worker.udp, host.encode("ascii"), port, gso, gro)
        if error < 0:
            raise OSError(-error, f"media port {host}:{port}: {os.strerror(-error)}")
        self.associations.commands = &self.worker.commands
        self.commands = Commands()
        self.commands.worker = self.worker
        self.commands.streams = &self.streams
        self.port = self.worker.udp.port
        self.crypto = suite_name(self.worker.suite).decode()

    def __dealloc__(self):
        if self.worker != NULL and self.links is not None:
            self.links.leave(self.worker, False)
        handles_free(&self.transports)
        handles_free(&self.streams)

    def open_relay(self, options):
        """Before `start`: the worker owns it from then on."""
        cdef int error
        self.check_thread()
        if self.thread is not None or self.worker.relay != NULL:
            raise RuntimeError("a relay is opened once, before the worker is started")
        self.worker.relay = <Relay*>calloc(1, sizeof(Relay))
        if self.worker.relay == NULL:
            raise MemoryError
        request_relay(self.worker.relay, options)
        error = relay_init(
            self.worker.relay, self.worker.epoll, self.worker.udp.gso, self.worker.udp.gro)
        if error == 0 and options.extra_port is not None:
            error = relay_open_extra(
                self.worker.relay, options.host.encode("ascii"), options.extra_port,
                self.worker.udp.gso, self.worker.udp.gro)
        if error < 0:
            raise OSError(-error, f"TURN port {options.extra_port}: {os.strerror(-error)}")
        self.relay.commands = self.commands

    @property
    def extra_port(self):
        return None if self.worker.relay == NULL else self.worker.relay.extra.port

    def start(self):
        self.check_thread()
        if self.thread is None:
            self.thread = threading.Thread(
                target=self._run, name=f"fastsfu-worker-{self.worker.index}", daemon=True)
            self.thread.start()

    def _run(self):
        with nogil:
            worker_run(self.worker)

    def close(self):
        """Idempotent. The port, the keys and the buffers go now, or with the last of the engines
        that share Links. A worker that is stuck keeps them.
        """
        cdef bint ended = True
        if self.worker == NULL:
            return
        self.check_thread()
        self.channels.close()
        self.relay.commands = None
        if self.thread is not None:
            for transport in list(self.streams_of):
                self.associations.remove(transport)
            ended = self.stop_worker()
        self.links.leave(self.worker, not ended)
        self.worker = NULL

    cdef bint stop_worker(self) except *:
        """False: it does not end."""
        cdef Head* command = NULL
        deadline = time.monotonic() + STOP_SECONDS
        # A full ring is drained by the worker, so room comes.
        while command == NULL and time.monotonic() < deadline:
            command = <Head*>ring_reserve(&self.worker.commands, sizeof(Head))
        if command != NULL:
            command.kind = COMMAND_STOP
            command.handle = 0
            self.commit()
        self.thread.join(max(0.0, deadline - time.monotonic()))
        return not self.thread.is_alive()

    def beat(self):
        self.check_thread()
        self.commands.catch_up()
        ring_wake(&self.worker.commands)
        return self.worker.beats

    def busy_us(self):
        self.check_thread()
        return self.worker.busy_us

    def fileno(self):
        self.check_thread()
        return self.worker.events.eventfd

    cdef check_thread(self):
        if threading.get_ident() != self.owner:
            raise RuntimeError("an engine is called from the thread that made it")
        if self.worker == NULL:
            raise RuntimeError("the engine is closed")

    cdef void* reserve(self, uint32_t kind, uint64_t handle, uint32_t size) except NULL:
        return self.commands.reserve(kind, handle, size)

    cdef void commit(self) noexcept:
        self.commands.commit()

    cdef command_stream(self, uint32_t kind, uint64_t stream):
        self.check_thread()
        if handles_live(&self.streams, stream):
            self.reserve(kind, stream, sizeof(Head))
            self.commit()

    def create_transport(
            self, *, str local_ufrag, str local_password, str remote_ufrag, bint dtls_client,
            fingerprints, int64_t consent_timeout_us=30_000_000):
        cdef CreateTransport* command
        cdef IceCredentials ice = request_credentials(local_ufrag, local_password, remote_ufrag)
        cdef uint64_t handle
        self.check_thread()
        handle = handles_take(&self.transports)
        if handle == 0:
            raise RuntimeError("no transport left: max_transports is reached")
        try:
            command = <CreateTransport*>self.reserve(
                COMMAND_CREATE_TRANSPORT, handle, sizeof(CreateTransport))
            command.ice = ice
            command.consent_timeout_us = consent_timeout_us
            command.ssrc = random_u32() | 1
            self.associations.add(handle, dtls_client, tuple(fingerprints))
        except BaseException:
            handles_give_back(&self.transports, handle)
            raise
        self.commit()
        self.streams_of[handle] = set()
        return handle

    def set_extensions(self, uint64_t transport, extensions):
        cdef SetExtensions* command
        self.check_thread()
        if handles_live(&self.transports, transport):
            command = <SetExtensions*>self.reserve(
                COMMAND_SET_EXTENSIONS, transport, sizeof(SetExtensions))
            request_extensions(command, extensions)
            self.commit()

    def restart_ice(
            self, uint64_t transport, *, str local_ufrag, str local_password, str remote_ufrag):
        cdef RestartIce* command
        cdef IceCredentials ice = request_credentials(local_ufrag, local_password, remote_ufrag)
        self.check_thread()
        if not handles_live(&self.transports, transport):
            return
        command = <RestartIce*>self.reserve(COMMAND_RESTART_ICE, transport, sizeof(RestartIce))
        command.ice = ice
        self.commit()

    def close_transport(self, uint64_t transport):
        self.check_thread()
        if not handles_live(&self.transports, transport):
            return
        self.associations.remove(transport)
        self.channels.forget(transport)
        self.commands.close(COMMAND_CLOSE_TRANSPORT, transport)
        for stream in self.streams_of.pop(transport):
            del self.transport_of[stream]
            handles_give_back(&self.streams, stream)
        handles_give_back(&self.transports, transport)

    cdef uint64_t take_stream(self, uint64_t transport) except 0:
        cdef uint64_t handle
        self.check_thread()
        if not handles_live(&self.transports, transport):
            raise ValueError("the transport is closed")
        handle = handles_take(&self.streams)
        if handle == 0:
            raise MemoryError("no stream left: max_streams is reached")
        return handle

    cdef commit_stream(self, uint64_t transport, uint64_t stream):
        self.commit()
        self.streams_of[transport].add(stream)
        self.transport_of[stream] = transport

    cdef close_stream(self, uint32_t kind, uint64_t stream):
        self.check_thread()
        if not handles_live(&self.streams, stream):
            return
        self.commands.close(kind, stream)
        self.streams_of[self.transport_of.pop(stream)].discard(stream)
        handles_give_back(&self.streams, stream)

    def create_inbound(
            self, uint64_t transport, *, int kind, str mid, ssrc, rtx_ssrc, payload_types,
            bint nack, bint fir):
        cdef CreateInbound* command
        cdef uint64_t handle = self.take_stream(transport)
        try:
            command = <CreateInbound*>self.reserve(
                COMMAND_CREATE_INBOUND, handle, sizeof(CreateInbound))
            command.transport = transport
            request_inbound(command, kind, mid, ssrc, rtx_ssrc, payload_types, nack, fir)
        except BaseException:
            handles_give_back(&self.streams, handle)
            raise
        self.commit_stream(transport, handle)
        return handle

    def close_inbound(self, uint64_t inbound):
        self.close_stream(COMMAND_CLOSE_INBOUND, inbound)

    def create_outbound(
            self, uint64_t transport, uint64_t inbound, *, uint32_t ssrc, rtx_ssrc, payload_types,
            str cname, bint numbered=False):
        cdef CreateOutbound* command
        cdef uint64_t handle = self.take_stream(transport)
        try:
            command = <CreateOutbound*>self.reserve(
                COMMAND_CREATE_OUTBOUND, handle, sizeof(CreateOutbound))
            command.transport = transport
            command.source = inbound
            # RFC 3711 section 3.3.1: a first number below 2^15 leaves no doubt about the rollover
            # counter.
            command.first_seq = random_u32() & 0x7fff
            command.first_rtx_seq = random_u32() & 0x7fff
            command.ts_offset = random_u32()
            request_outbound(command, ssrc, rtx_ssrc, payload_types, cname, numbered)
        except BaseException:
            handles_give_back(&self.streams, handle)
            raise
        self.commit_stream(transport, handle)
        return handle

    def create_replica(
            self, Engine source, uint64_t inbound, *, int kind, uint32_t clock_rate):
        self.check_thread()
        source.check_thread()
        return self.links.open_replica(self.commands, source.commands, inbound, kind, clock_rate)

    def close_replica(self, uint64_t replica):
        self.check_thread()
        self.links.close_replica(self.commands, replica)

    def close_outbound(self, uint64_t outbound):
        self.close_stream(COMMAND_CLOSE_OUTBOUND, outbound)

    def pause_outbound(self, uint64_t outbound, bint paused):
        cdef PauseOutbound* command
        self.check_thread()
        if handles_live(&self.streams, outbound):
            command = <PauseOutbound*>self.reserve(
                COMMAND_PAUSE_OUTBOUND, outbound, sizeof(PauseOutbound))
            command.paused = paused
            self.commit()

    def request_keyframe(self, uint64_t inbound):
        self.command_stream(COMMAND_REQUEST_KEYFRAME, inbound)

    def poll(self, events):
        cdef uint32_t size
        cdef uint8_t* record
        cdef int count = 0
        self.check_thread()
        ring_drain_wake(&self.worker.events)
        record = ring_front(&self.worker.events, &size)
        while record != NULL:
            try:
                self.deliver(<const Head*>record, events)
            finally:
                # An event handler may have closed the engine, and the ring with it.
                if self.worker != NULL:
                    ring_pop(&self.worker.events)
            count += 1
            record = NULL if self.worker == NULL else ring_front(&self.worker.events, &size)
        self.associations.wake()
        return count

    cdef deliver(self, const Head* event, events):
        """Events of a handle that was closed meanwhile are stale."""
        if event.kind <= EVENT_DTLS:
            if handles_live(&self.transports, event.handle):
                self.deliver_transport(event, events)
        elif handles_live(&self.streams, event.handle):
            deliver_stream(event, events)

    cdef deliver_transport(self, const Head* event, events):
        cdef uint64_t transport = event.handle
        cdef const DtlsDatagram* datagram
        cdef AssociationChange change
        if event.kind == EVENT_ICE_CONNECTED:
            self.associations.ice_connected(transport)
            events.on_ice(
                transport, IceState.CONNECTED, address_text(&(<const IceConnected*>event).address))
        elif event.kind == EVENT_ICE_EXPIRED:
            events.on_ice(transport, IceState.EXPIRED, "")
        else:
            datagram = <const DtlsDatagram*>event
            change = self.associations.receive(transport, datagram.data, datagram.size)
            self.tell(events, transport, change)
            self.channels.collect(transport)

    cdef tell(self, events, uint64_t transport, AssociationChange change):
        if change == ASSOCIATION_UNCHANGED:
            return
        detail = self.associations.details.get(transport, "")
        events.on_dtls(transport, DtlsState(<int>change), detail)

    def dtls_timeout(self):
        cdef int64_t left
        self.check_thread()
        left = self.associations.timeout_us()
        return None if left < 0 else left / 1e6

    def handle_dtls_timeouts(self, events):
        cdef AssociationChange change
        self.check_thread()
        for transport in list(self.associations.fingerprints):
            if not handles_live(&self.transports, transport):
                continue
            change = self.associations.handle_timeout(transport)
            self.tell(events, transport, change)
        self.associations.wake()

    def snapshot(self):
        self.check_thread()
        return read_rows(self.worker)

    def ended(self):
        self.check_thread()
        return read_ended(self.worker)

    def counters(self):
        self.check_thread()
        return read_counters(self.worker)


cdef deliver_stream(const Head* event, events):
    if event.kind == EVENT_STREAM_STARTED:
        events.on_stream_started(event.handle, (<const StreamStarted*>event).ssrc)
    elif event.kind == EVENT_STREAM_ENDED:
        events.on_stream_ended(event.handle)
    elif event.kind == EVENT_AUDIO_LEVEL:
        events.on_audio_level(event.handle, (<const AudioLevel*>event).level)


cdef uint32_t random_u32() noexcept:
    cdef uint32_t value = 0
    getrandom(&value, sizeof(value), 0)
    return value


cdef str address_text(const Address* address):
    if address.family == 4:
        return f"{ipaddress.IPv4Address(address.ip[:4])}:{address.port}"
    return f"[{ipaddress.IPv6Address(address.ip[:16])}]:{address.port}"


cdef str certificate_fingerprint(bytes certificate_pem):
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate_pem.decode("ascii"))).digest()
    return digest.hex(":").upper()
