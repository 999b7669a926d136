"""DTLS associations of a worker's transports, held by the event loop's thread: datagrams come as
events and leave as commands; when a handshake is done its keys go to the worker in a command
(promise P5). Data channels (engine/channels) hang on them.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.ring cimport Ring
from fastsfu._native.crypto.dtls cimport Dtls
from fastsfu._native.crypto.dtls_identity cimport DtlsIdentity
from fastsfu._native.peer.sctp cimport Sctp

cdef enum AssociationChange:      # what a datagram or timer brought
    ASSOCIATION_UNCHANGED = 0
    ASSOCIATION_CONNECTED         # fingerprint checked, keys handed over
    ASSOCIATION_CLOSED
    ASSOCIATION_FAILED

cdef struct Association:
    uint64_t transport            # handle; 0 = row not in use
    Dtls* dtls
    bint client
    bint connected                # the fingerprint matched
    bint reported                 # its end was told
    Sctp* sctp                    # NULL = no data channels
    bint paused                   # nobody reads them now
    bint blocked                  # a message found no room: tell when there is some
    void* associations            # Associations, which owns the row

cdef class Associations:
    cdef DtlsIdentity* identity
    cdef Association* rows        # by index of the transport's handle
    cdef uint32_t capacity
    cdef uint32_t top             # one above the highest row in use
    cdef Ring* commands
    cdef bint unwoken             # commands were written that the worker was not woken for
    cdef dict fingerprints        # handle -> ((algorithm, digest), ...), until connected
    cdef dict details             # handle -> how it ended, or the SRTP profile

    cdef void add(self, uint64_t transport, bint client, tuple fingerprints) except *
    cdef void remove(self, uint64_t transport) noexcept
    cdef Association* find(self, uint64_t transport) noexcept
    cdef void add_channels(
        self, Association* row, uint16_t port, uint16_t remote_port,
        uint32_t max_message) except *
    cdef AssociationChange connected(self, Association* row) except *
    cdef void ice_connected(self, uint64_t transport)
    cdef AssociationChange receive(
        self, uint64_t transport, const uint8_t* data, uint32_t size) except *
    cdef AssociationChange handle_timeout(self, uint64_t transport) except *
    cdef int64_t timeout_us(self) noexcept
    cdef AssociationChange settle(self, Association* row) except *
    cdef void flush(self, Association* row) noexcept
    cdef void wake(self) noexcept
