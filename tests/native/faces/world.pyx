"""A worker on virtual time for the scenarios: no thread, the clock is the test's, datagrams in are
bytes with an address; what the worker sends goes through its real socket to real loopback sockets,
so that GSO is the kernel's. Worlds with the same Links are workers that can be linked.
"""

cimport cython
from ipaddress import ip_address

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc
from libc.string cimport memcpy, memset

from fastsfu._native.base.ring cimport ring_front, ring_pop
from fastsfu._native.crypto.srtp cimport SrtpProfile
from fastsfu._native.crypto.suite cimport MAKER_AUTO, MAKER_IPSEC_MB, MAKER_OPENSSL, SuiteMaker
from fastsfu._native.engine.links cimport Links
from fastsfu._native.engine.request cimport (
    request_credentials, request_extensions, request_inbound, request_outbound,
)
from fastsfu._native.engine.snapshot cimport read_counters, read_ended, read_rows
from fastsfu._native.forwarding.allocation cimport allocation_run
from fastsfu._native.forwarding.command cimport *
from fastsfu._native.forwarding.event cimport *
from fastsfu._native.forwarding.link_command cimport CreateReplica, TapStream
from fastsfu._native.forwarding.state cimport (
    Worker, find_inbound, find_outbound, find_transport)
from fastsfu._native.media.receivers cimport outbound_aim
from fastsfu._native.media.stream cimport OutboundStream
from fastsfu._native.net.udp cimport Datagram, udp_open
from fastsfu._native.peer.transport cimport Transport
from fastsfu._native.worker.apply cimport apply
from fastsfu._native.worker.ingress cimport ingress
from fastsfu._native.worker.worker cimport (
    WorkerOptions, worker_init, worker_read_links, worker_step,
)

MAKERS = {"auto": MAKER_AUTO, "ipsec-mb": MAKER_IPSEC_MB, "openssl": MAKER_OPENSSL}
EVENTS = {
    EVENT_ICE_CONNECTED: "ice-connected", EVENT_ICE_EXPIRED: "ice-expired", EVENT_DTLS: "dtls",
    EVENT_STREAM_STARTED: "stream-started", EVENT_STREAM_ENDED: "stream-ended",
    EVENT_AUDIO_LEVEL: "audio-level", EVENT_WANTED: "wanted",
    EVENT_STEP: "fit", EVENT_BEGUN: "begun",
}


@cython.no_gc_clear                   # `links` is needed to the end
cdef class World:
    cdef Worker* worker
    cdef Links links
    cdef uint64_t handles

    def __cinit__(
            self, *, bint gso=True, int64_t hold_us=500, str crypto="auto", uint32_t index=0,
            Links links=None, uint32_t transports=256):
        cdef WorkerOptions options
        cdef int error
        self.links = Links() if links is None else links
        options.index = index
        options.max_transports, options.max_streams = transports, 4 * transports
        options.max_buffers = 8192
        options.hold_us, options.batch_us, options.busy_poll_us = hold_us, 0, 0
        options.real_time = False
        self.worker = <Worker*>calloc(1, sizeof(Worker))
        self.worker.udp.fd = -1
        self.worker.index = index
        self.links.add(self.worker)
        error = worker_init(self.worker, <SuiteMaker><int>MAKERS[crypto], &options)
        error = error or udp_open(&self.worker.udp, b"127.0.0.1", 0, gso, True)
        if error:
            raise OSError(-error, "no worker")
        self.worker.now_us = 1_000_000
        self.worker.next_tick_us = self.worker.now_us

    def __dealloc__(self):
        self.links.leave(self.worker, False)

    @property
    def port(self):
        return self.worker.udp.port

    @property
    def now_us(self):
        return self.worker.now_us

    def advance(self, int64_t us):
        """Let time pass in steps of at most 100 us, doing what falls due."""
        cdef int64_t until = self.worker.now_us + us
        while self.worker.now_us < until:
            self.worker.now_us = min(until, self.worker.now_us + 100)
            worker_read_links(self.worker)
            worker_step(self.worker)

    def stall(self, int64_t us):
        """Let time pass without doing anything, as if the thread did not run."""
        self.worker.now_us += us

    def deliver(self, datagrams, tuple source):
        """A batch [bytes] from (address, port), then what a worker does after a batch."""
        self.take(datagrams, source)
        worker_step(self.worker)

    def take(self, datagrams, tuple source):
        """A part of a batch; `advance` does what follows it."""
        cdef Datagram datagram
        cdef bytes data
        memset(&datagram, 0, sizeof(datagram))
        address = ip_address(source[0])
        datagram.source.family = address.version
        datagram.source.port = source[1]
        for i, byte in enumerate(address.packed):
            datagram.source.ip[<int>i] = byte
        for data in datagrams:
            copy = bytearray(data)
            datagram.data = copy
            datagram.size = <uint32_t>len(copy)
            ingress(self.worker, &datagram)

    def events(self):
        """[(name, handle, ssrc, level, wanted or None)] since the last call."""
        cdef uint32_t size
        cdef const Head* event = <const Head*>ring_front(&self.worker.events, &size)
        found = []
        while event != NULL:
            detail = None
            if event.kind == EVENT_STREAM_STARTED:
                detail = (<const StreamStarted*>event).ssrc
            elif event.kind == EVENT_AUDIO_LEVEL:
                detail = (<const AudioLevel*>event).level
            elif event.kind == EVENT_WANTED:
                detail = (<const EncodingWanted*>event).wanted
            elif event.kind == EVENT_STEP:
                detail = (<const Stepped*>event).fit
            found.append((EVENTS[event.kind], event.handle, detail))
            ring_pop(&self.worker.events)
            event = <const Head*>ring_front(&self.worker.events, &size)
        return found

    cdef uint64_t next_handle(self):
        self.handles += 1
        return (1 << 32) | self.handles

    def transport(
            self, *, local_ufrag, local_password, remote_ufrag, remote_password, extensions=(),
            consent_timeout_us=30_000_000):
        cdef CreateTransport command
        memset(&command, 0, sizeof(command))
        command.head.kind = COMMAND_CREATE_TRANSPORT
        command.head.handle = self.next_handle()
        command.ice = request_credentials(
            local_ufrag, local_password, remote_ufrag, remote_password)
        command.consent_timeout_us = consent_timeout_us
        command.ssrc = 1
        apply(self.worker, &command.head)
        self.set_extensions(command.head.handle, dict(extensions))
        return command.head.handle

    def set_extensions(self, uint64_t transport, extensions):
        cdef SetExtensions command
        memset(&command, 0, sizeof(command))
        command.head.kind = COMMAND_SET_EXTENSIONS
        command.head.handle = transport
        request_extensions(&command, extensions)
        apply(self.worker, &command.head)

    def restart_ice(
            self, uint64_t transport, *, local_ufrag, local_password, remote_ufrag,
            remote_password):
        cdef RestartIce command
        command.head.kind = COMMAND_RESTART_ICE
        command.head.handle = transport
        command.ice = request_credentials(
            local_ufrag, local_password, remote_ufrag, remote_password)
        apply(self.worker, &command.head)

    def set_keys(
            self, uint64_t transport, int profile, bytes receive_key, bytes receive_salt,
            bytes send_key, bytes send_salt):
        cdef SetKeys command
        memset(&command, 0, sizeof(command))
        command.head.kind = COMMAND_SET_KEYS
        command.head.handle = transport
        command.keys.profile = <SrtpProfile>profile
        memcpy(command.keys.receive_key, <const char*>receive_key, len(receive_key))
        memcpy(command.keys.receive_salt, <const char*>receive_salt, len(receive_salt))
        memcpy(command.keys.send_key, <const char*>send_key, len(send_key))
        memcpy(command.keys.send_salt, <const char*>send_salt, len(send_salt))
        apply(self.worker, &command.head)

    def inbound(
            self, uint64_t transport, *, kind, mid, ssrc=None, rtx_ssrc=None, payload_types,
            nack=True, fir=False, remb=False, voices=None, rid="", lower=0):
        cdef CreateInbound command
        memset(&command, 0, sizeof(command))
        command.head.kind = COMMAND_CREATE_INBOUND
        command.head.handle = self.next_handle()
        command.transport = transport
        command.lower = lower
        request_inbound(
            &command, kind, mid, rid, ssrc, rtx_ssrc, payload_types, nack, fir, remb, voices)
        apply(self.worker, &command.head)
        return command.head.handle

    def outbound(
            self, uint64_t transport, uint64_t source, *, ssrc, rtx_ssrc=None, payload_types,
            cname="publisher", mid="", numbered=False, paused=False, first_seq=1000,
            first_rtx_seq=1, ts_offset=0):
        cdef CreateOutbound command
        memset(&command, 0, sizeof(command))
        command.head.kind = COMMAND_CREATE_OUTBOUND
        command.head.handle = self.next_handle()
        command.transport = transport
        command.source = source
        request_outbound(&command, ssrc, rtx_ssrc, payload_types, cname, mid, numbered, paused)
        command.first_seq = first_seq
        command.first_rtx_seq = first_rtx_seq
        command.ts_offset = ts_offset
        apply(self.worker, &command.head)
        return command.head.handle

    cdef obey(self):
        cdef uint32_t size
        cdef const Head* command = <const Head*>ring_front(&self.worker.commands, &size)
        while command != NULL:
            apply(self.worker, command)
            ring_pop(&self.worker.commands)
            command = <const Head*>ring_front(&self.worker.commands, &size)

    def replica(self, World source, uint64_t origin, *, kind, clock_rate, lower=0):
        """Of a stream of another world."""
        cdef CreateReplica command
        self.links.connect(self.worker, source.worker)
        self.obey()
        source.obey()
        memset(&command, 0, sizeof(command))
        command.head.kind = COMMAND_CREATE_REPLICA
        command.head.handle = self.next_handle()
        command.peer = source.worker.index
        command.origin = origin
        command.kind = kind
        command.clock_rate = clock_rate
        command.lower = lower
        apply(self.worker, &command.head)
        source.tap(COMMAND_TAP, origin, self, command.head.handle)
        return command.head.handle

    cdef tap(self, uint32_t kind, uint64_t inbound, World to, uint64_t replica):
        cdef TapStream command
        command.head.kind = kind
        command.head.handle = inbound
        command.peer = to.worker.index
        command.replica = replica
        apply(self.worker, &command.head)

    def untap(self, uint64_t inbound, World to, uint64_t replica):
        self.tap(COMMAND_UNTAP, inbound, to, replica)

    def pause(self, uint64_t outbound, bint paused):
        self.switch(COMMAND_PAUSE_OUTBOUND, outbound, paused)

    def pause_inbound(self, uint64_t inbound, bint paused):
        self.switch(COMMAND_PAUSE_INBOUND, inbound, paused)

    def pin_inbound(self, uint64_t inbound, bint pinned):
        self.switch(COMMAND_PIN_INBOUND, inbound, pinned)

    cdef switch(self, uint32_t kind, uint64_t stream, bint on):
        cdef SwitchStream command
        command.head.kind = kind
        command.head.handle = stream
        command.on = on
        apply(self.worker, &command.head)

    def prefer(self, uint64_t outbound, *, priority=0, most_layer=255, most_height=0):
        cdef SetPreference command
        command.head.kind = COMMAND_SET_PREFERENCE
        command.head.handle = outbound
        command.priority = priority
        command.most_layer = most_layer
        command.most_height = most_height
        apply(self.worker, &command.head)

    def aim(self, uint64_t outbound, uint64_t encoding, int spatial, int temporal, bint at_once):
        """As an allocation would."""
        cdef OutboundStream* receiver = find_outbound(self.worker, outbound)
        outbound_aim(
            receiver, find_inbound(self.worker, encoding), <uint8_t>spatial, <uint8_t>temporal,
            at_once)

    def close(self, str what, uint64_t handle):
        """what: "transport", "inbound" or "outbound"."""
        cdef Head command
        command.kind = {
            "transport": COMMAND_CLOSE_TRANSPORT, "inbound": COMMAND_CLOSE_INBOUND,
            "outbound": COMMAND_CLOSE_OUTBOUND,
        }[what]
        command.handle = handle
        apply(self.worker, &command)

    def snapshot(self):
        return read_rows(self.worker)

    def ended(self):
        return read_ended(self.worker)

    def counters(self):
        return read_counters(self.worker)

    def allocate(self, transports, int64_t bps):
        """Share so much of a link that was full a moment ago among what each of these gets."""
        cdef Transport* transport
        cdef uint64_t handle
        for handle in transports:
            transport = find_transport(self.worker, handle)
            if transport == NULL or transport.estimator == NULL:
                raise ValueError(f"{handle:#x} is no transport that receives")
            transport.estimator.proven = True
            transport.estimator.aimd.reduced_us = self.worker.now_us
            transport.stats.estimate_bps = transport.estimator.bps = bps
            transport.share.shared_us = 0
            allocation_run(self.worker, transport)
