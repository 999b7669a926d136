"""DTLS associations; see associations.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from fastsfu._native.base.ring cimport ring_commit, ring_reserve, ring_wake
from fastsfu._native.crypto.dtls cimport (
    DTLS_CLOSED, DTLS_CONNECTED, DTLS_FAILED, DTLS_MAX_DATAGRAM, DtlsState, dtls_close, dtls_error,
    dtls_free, dtls_handle_timeout, dtls_new, dtls_read, dtls_receive, dtls_release, dtls_start,
    dtls_state, dtls_take, dtls_timeout_us, dtls_write,
)
from fastsfu._native.crypto.dtls_identity cimport dtls_identity_free, dtls_identity_new
from fastsfu._native.crypto.dtls_keys cimport dtls_export, dtls_peer_matches
from fastsfu._native.crypto.srtp cimport SrtpProfile
from fastsfu._native.forwarding.command cimport (
    COMMAND_SEND_DTLS, COMMAND_SET_KEYS, MAX_DTLS_BYTES, DtlsDatagram, SetKeys,
)
from fastsfu._native.peer.sctp cimport sctp_connect, sctp_free, sctp_new, sctp_receive


cdef class Associations:
    def __cinit__(self, bytes certificate_pem, bytes private_key_pem, uint32_t capacity):
        self.identity = dtls_identity_new(certificate_pem, private_key_pem)
        self.rows = <Association*>calloc(capacity, sizeof(Association))
        if self.rows == NULL:
            raise MemoryError
        self.capacity = capacity
        self.fingerprints = {}
        self.details = {}

    def __dealloc__(self):
        cdef uint32_t i
        for i in range(self.top):
            if self.rows[i].dtls != NULL:
                self.rows[i].associations = NULL      # whose rings are gone
                sctp_free(self.rows[i].sctp)
                dtls_free(self.rows[i].dtls)
        free(self.rows)
        if self.identity != NULL:
            dtls_identity_free(self.identity)

    cdef void add(self, uint64_t transport, bint client, tuple fingerprints) except *:
        cdef uint32_t index = <uint32_t>transport
        cdef Association* row = &self.rows[index]
        row.dtls = dtls_new(self.identity, client)
        row.transport = transport
        row.client = client
        row.connected = row.reported = row.paused = row.blocked = False
        row.sctp = NULL
        row.associations = <void*>self
        self.top = max(self.top, index + 1)
        self.fingerprints[transport] = fingerprints

    cdef void remove(self, uint64_t transport) noexcept:
        """Says close_notify; the worker sends it before it frees the transport."""
        cdef Association* row = self.find(transport)
        if row == NULL:
            return
        sctp_free(row.sctp)
        row.sctp = NULL
        dtls_close(row.dtls)
        self.flush(row)
        self.wake()
        dtls_free(row.dtls)
        row.dtls = NULL
        row.transport = 0
        self.fingerprints.pop(transport, None)
        self.details.pop(transport, None)

    cdef Association* find(self, uint64_t transport) noexcept:
        cdef Association* row = &self.rows[<uint32_t>transport]
        return row if row.dtls != NULL and row.transport == transport else NULL

    cdef void ice_connected(self, uint64_t transport):
        """A client may begin now: before, there was no path for its ClientHello."""
        cdef Association* row = self.find(transport)
        if row != NULL and row.client:
            dtls_start(row.dtls)
            self.flush(row)
            self.wake()

    cdef AssociationChange receive(
            self, uint64_t transport, const uint8_t* data, uint32_t size) except *:
        cdef Association* row = self.find(transport)
        if row == NULL:
            return ASSOCIATION_UNCHANGED
        dtls_receive(row.dtls, data, size)
        return self.settle(row)      # the caller wakes the worker

    cdef AssociationChange handle_timeout(self, uint64_t transport) except *:
        cdef Association* row = self.find(transport)
        if row == NULL or dtls_timeout_us(row.dtls) != 0:
            return ASSOCIATION_UNCHANGED
        dtls_handle_timeout(row.dtls)
        return self.settle(row)

    cdef int64_t timeout_us(self) noexcept:
        """Until the next retransmission is due; -1: none is."""
        cdef int64_t least = -1, left
        cdef uint64_t transport
        for transport in self.fingerprints:
            left = dtls_timeout_us(self.rows[<uint32_t>transport].dtls)
            if left >= 0 and (least < 0 or left < least):
                least = left
        return least

    cdef AssociationChange settle(self, Association* row) except *:
        """Send what the handshake wants sent, and say what changed, once."""
        cdef DtlsState state
        cdef AssociationChange change = ASSOCIATION_UNCHANGED
        self.flush(row)
        state = dtls_state(row.dtls)
        if row.reported:
            return ASSOCIATION_UNCHANGED
        if state == DTLS_CONNECTED and row.transport in self.fingerprints:
            change = self.connected(row)
        elif state == DTLS_CLOSED:
            change = ASSOCIATION_CLOSED
            self.details[row.transport] = "the peer closed the association"
        elif state == DTLS_FAILED:
            change = ASSOCIATION_FAILED
            self.details[row.transport] = dtls_error(row.dtls)
        if change != ASSOCIATION_UNCHANGED:
            row.reported = change != ASSOCIATION_CONNECTED
            self.fingerprints.pop(row.transport, None)
            dtls_release(row.dtls)
        return change

    cdef AssociationChange connected(self, Association* row) except *:
        """RFC 8122 section 5, then RFC 5764: no key is exported for a certificate that was not
        announced.
        """
        cdef SetKeys* command
        for algorithm, digest in self.fingerprints[row.transport]:
            if dtls_peer_matches(row.dtls, algorithm, digest):
                break
        else:
            self.details[row.transport] = (
                "the certificate's fingerprint is not the one in the offer")
            return ASSOCIATION_FAILED
        command = <SetKeys*>ring_reserve(self.commands, sizeof(SetKeys))
        if command == NULL:
            self.details[row.transport] = "the worker does not take commands"
            return ASSOCIATION_FAILED
        command.head.kind = COMMAND_SET_KEYS
        command.head.handle = row.transport
        if dtls_export(row.dtls, &command.keys) < 0:
            self.details[row.transport] = "no SRTP protection profile in common"
            return ASSOCIATION_FAILED      # the reserved record was not committed
        self.details[row.transport] = profile_name(command.keys.profile)
        ring_commit(self.commands)
        self.unwoken = True
        row.connected = True
        connect_channels(row)
        return ASSOCIATION_CONNECTED

    cdef void flush(self, Association* row) noexcept:
        """Datagrams that wait, as commands. A full ring drops them: DTLS and SCTP send again."""
        cdef uint8_t datagram[DTLS_MAX_DATAGRAM]
        cdef DtlsDatagram* command
        cdef size_t size = dtls_take(row.dtls, datagram, DTLS_MAX_DATAGRAM)
        while size:
            command = <DtlsDatagram*>ring_reserve(
                self.commands, <uint32_t>(sizeof(DtlsDatagram) - MAX_DTLS_BYTES + size))
            if command != NULL:
                command.head.kind = COMMAND_SEND_DTLS
                command.head.handle = row.transport
                command.size = <uint32_t>size
                memcpy(command.data, datagram, size)
                ring_commit(self.commands)
                self.unwoken = True
            size = dtls_take(row.dtls, datagram, DTLS_MAX_DATAGRAM)

    cdef void wake(self) noexcept:
        """Once for all that was written: a wake-up is a system call."""
        if self.unwoken:
            self.unwoken = False
            ring_wake(self.commands)

    cdef void add_channels(
            self, Association* row, uint16_t port, uint16_t remote_port,
            uint32_t max_message) except *:
        row.sctp = sctp_new(port, remote_port, max_message, on_packet, row)
        if row.connected:
            connect_channels(row)


cdef void connect_channels(Association* row) noexcept:
    """Not before the fingerprint has been checked: DTLS's data is nobody's until then."""
    if row.sctp != NULL:
        dtls_read(row.dtls, on_data, row)
        sctp_connect(row.sctp)


cdef void on_data(void* owner, const uint8_t* data, size_t size) noexcept:
    sctp_receive((<Association*>owner).sctp, data, size)


cdef void on_packet(void* owner, const uint8_t* packet, size_t size) noexcept:
    cdef Association* row = <Association*>owner
    if row.associations != NULL and dtls_write(row.dtls, packet, size):
        (<Associations>row.associations).flush(row)


cdef str profile_name(SrtpProfile profile):
    if profile == SrtpProfile.AEAD_AES_128_GCM:
        return "AEAD_AES_128_GCM"
    if profile == SrtpProfile.AEAD_AES_256_GCM:
        return "AEAD_AES_256_GCM"
    return "AES128_CM_SHA1_80"
