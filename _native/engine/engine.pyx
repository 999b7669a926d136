"""The Python face of one worker; the contract is in fastsfu/_native/engine/engine.pyi.

Invariants: 1. Only the thread that made the engine calls it: it is the one producer of commands and
the one consumer of events. 2. The worker's thread holds no Python object and never waits for the
GIL. 3. Keys and datagrams cross between DTLS (here) and the worker inside native memory only
(promise P5).
"""

import hashlib
import os
import ssl
import threading
import time
from enum import IntEnum

from fastsfu._native.engine.channels import Channels
from fastsfu._native.engine.links import Links

cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from fastsfu._native.base.net cimport ENOSYS
from fastsfu._native.base.ring cimport (
    ring_drain_wake, ring_front, ring_pop, ring_reserve, ring_wake,
)
from fastsfu._native.crypto.suite cimport (
    MAKER_AUTO, MAKER_IPSEC_MB, MAKER_OPENSSL, SuiteMaker, suite_name,
)
from fastsfu._native.engine.associations cimport AssociationChange, Associations
from fastsfu._native.engine.commands cimport Commands
from fastsfu._native.engine.events cimport events_deliver, events_dtls
from fastsfu._native.engine.handles cimport handles_live
from fastsfu._native.engine.links cimport Links as NativeLinks
from fastsfu._native.engine.relay_commands cimport RelayCommands
from fastsfu._native.engine.relay_request cimport request_relay
from fastsfu._native.engine.snapshot cimport read_bytes, read_counters, read_ended, read_rows
from fastsfu._native.engine.streams cimport Streams
from fastsfu._native.engine.transports cimport Transports
from fastsfu._native.forwarding.command cimport COMMAND_STOP, Head
from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.net.udp cimport udp_open
from fastsfu._native.turn.relay cimport Relay, relay_init, relay_open_extra
from fastsfu._native.worker.worker cimport WorkerOptions, worker_init, worker_run

STOP_SECONDS = 5.0                    # that a worker's thread has to end

cdef dict MAKERS = {"auto": MAKER_AUTO, "ipsec-mb": MAKER_IPSEC_MB, "openssl": MAKER_OPENSSL}


class MediaKind(IntEnum):
    AUDIO = 0
    VIDEO = 1


@cython.no_gc_clear                   # `links` is needed to the end
cdef class Engine:
    """One worker thread, its socket and its rings."""

    cdef Worker* worker
    cdef NativeLinks links
    cdef Commands commands
    cdef Associations associations
    cdef readonly Transports transports
    cdef readonly Streams streams
    cdef readonly object channels     # Channels
    cdef readonly RelayCommands relay
    cdef object thread
    cdef readonly int port
    cdef readonly str crypto
    cdef readonly str fingerprint

    def __cinit__(
            self, *, str host, uint16_t port, bytes certificate_pem, bytes private_key_pem,
            str crypto="auto", bint gso=True, bint gro=True, int64_t hold_us=500,
            int64_t batch_us=0, int64_t busy_poll_us=0, bint real_time=False,
            uint32_t max_transports=4096, uint32_t max_streams=65536, uint32_t max_buffers=131072,
            uint32_t index=0, NativeLinks links=None):
        cdef WorkerOptions options
        cdef int error
        if crypto not in MAKERS:
            raise ValueError(f"crypto is one of {', '.join(MAKERS)}, not {crypto!r}")
        self.associations = Associations(certificate_pem, private_key_pem, max_transports)
        self.channels = Channels(self.associations)
        self.relay = RelayCommands()
        self.fingerprint = certificate_fingerprint(certificate_pem)
        options.index = index
        options.max_transports = max_transports
        options.max_streams = max_streams
        options.max_buffers = max_buffers
        options.hold_us = hold_us
        options.batch_us = batch_us
        options.busy_poll_us = busy_poll_us
        options.real_time = real_time
        self.links = Links() if links is None else links
        self.add_worker(index)
        self.commands = Commands(max_streams)
        self.commands.worker = self.worker
        self.streams = Streams(self.commands, self.links)
        self.transports = Transports(
            self.commands, self.associations, self.channels, self.streams, max_transports)
        error = worker_init(self.worker, <SuiteMaker><int>MAKERS[crypto], &options)
        if error == -ENOSYS:
            raise ValueError(f"SRTP primitives by {crypto!r} are not to be had on this machine")
        if error == 0:
            error = udp_open(&self.worker.udp, host.encode("ascii"), port, gso, gro)
        if error < 0:
            raise OSError(-error, f"media port {host}:{port}: {os.strerror(-error)}")
        self.associations.commands = &self.worker.commands
        self.port = self.worker.udp.port
        self.crypto = suite_name(self.worker.suite).decode()

    cdef int add_worker(self, uint32_t index) except -1:
        cdef Worker* worker = <Worker*>calloc(1, sizeof(Worker))
        if worker == NULL:
            raise MemoryError
        worker.udp.fd = -1
        worker.index = index
        try:
            self.links.add(worker)
        except BaseException:
            free(worker)
            raise
        self.worker = worker
        return 0

    def __dealloc__(self):
        if self.worker != NULL and self.links is not None:
            self.links.leave(self.worker, False)

    def open_relay(self, options):
        """Before `start`: the worker owns it from then on."""
        cdef int error
        self.commands.check()
        if self.thread is not None or self.worker.relay != NULL:
            raise RuntimeError("a relay is opened once, before the worker is started")
        self.worker.relay = <Relay*>calloc(1, sizeof(Relay))
        if self.worker.relay == NULL:
            raise MemoryError
        request_relay(self.worker.relay, options)
        error = relay_init(
            self.worker.relay, self.worker.epoll, self.worker.udp.gso, self.worker.udp.gro)
        if error < 0:
            raise OSError(-error, f"TURN relay: {os.strerror(-error)}")
        if options.extra_port is not None:
            self.open_extra_port(options.host, options.extra_port)
        self.relay.commands = self.commands

    def open_extra_port(self, str host, uint16_t port):
        """Once, also while the worker runs: it meets the socket when epoll tells of it."""
        cdef int error
        self.commands.check()
        if self.worker.relay == NULL or self.worker.relay.extra.fd >= 0:
            raise RuntimeError("a further port is opened once, where there is a relay")
        error = relay_open_extra(
            self.worker.relay, host.encode("ascii"), port, self.worker.udp.gso,
            self.worker.udp.gro)
        if error < 0:
            raise OSError(-error, f"TURN port {port}: {os.strerror(-error)}")

    @property
    def extra_port(self):
        return None if self.worker.relay == NULL else self.worker.relay.extra.port

    def start(self):
        self.commands.check()
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
        self.commands.check()
        self.channels.close()
        self.relay.commands = None
        if self.thread is not None:
            self.transports.end_all()
            ended = self.stop_worker()
        self.commands.closed = True
        self.links.leave(self.worker, not ended)
        self.worker = NULL

    cdef bint stop_worker(self) except *:
        """False: it does not end."""
        cdef Head* command = NULL
        self.commands.soon = None                  # this turn does not end before the worker has
        self.commands._wake()
        deadline = time.monotonic() + STOP_SECONDS
        # A full ring is drained by the worker, so room comes.
        while command == NULL and time.monotonic() < deadline:
            command = <Head*>ring_reserve(&self.worker.commands, sizeof(Head))
        if command != NULL:
            command.kind = COMMAND_STOP
            command.handle = 0
            self.commands.commit()
        self.thread.join(max(0.0, deadline - time.monotonic()))
        return not self.thread.is_alive()

    def wake_by(self, soon):
        self.commands.check()
        self.commands.soon = soon

    def beat(self):
        self.commands.check()
        self.commands.catch_up()
        ring_wake(&self.worker.commands)
        return self.worker.beats

    def busy_us(self):
        self.commands.check()
        return self.worker.busy_us

    def fileno(self):
        self.commands.check()
        return self.worker.events.eventfd

    def poll(self, events):
        cdef uint32_t size
        cdef uint8_t* record
        cdef int count = 0
        self.commands.check()
        ring_drain_wake(&self.worker.events)
        record = ring_front(&self.worker.events, &size)
        while record != NULL:
            try:
                events_deliver(self.transports, self.streams, <const Head*>record, events)
            finally:
                # An event handler may have closed the engine, and the ring with it.
                if self.worker != NULL:
                    ring_pop(&self.worker.events)
            count += 1
            record = NULL if self.worker == NULL else ring_front(&self.worker.events, &size)
        self.associations.wake()
        return count

    def dtls_timeout(self):
        cdef int64_t left
        self.commands.check()
        left = self.associations.timeout_us()
        return None if left < 0 else left / 1e6

    def handle_dtls_timeouts(self, events):
        cdef AssociationChange change
        self.commands.check()
        for transport in list(self.associations.fingerprints):
            if handles_live(&self.transports.handles, transport):
                change = self.associations.handle_timeout(transport)
                events_dtls(self.transports, transport, change, events)
        self.associations.wake()

    def snapshot(self):
        self.commands.check()
        return read_rows(self.worker)

    def ended(self):
        self.commands.check()
        return read_ended(self.worker)

    def bytes_of(self, uint64_t stream):
        self.commands.check()
        return read_bytes(self.worker, stream)

    def counters(self):
        self.commands.check()
        return read_counters(self.worker)


cdef str certificate_fingerprint(bytes certificate_pem):
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate_pem.decode("ascii"))).digest()
    return digest.hex(":").upper()
