"""DTLS 1.2 (RFC 6347) for SRTP keys (RFC 5764): OpenSSL over a BIO of our own that keeps datagrams
apart, until the handshake is done; from then on records of our own (crypto/dtls_records). No
socket: the event loop feeds datagrams, takes datagrams, and calls when OpenSSL's retransmission
timer (dtls_timeout_us) has run out.

Application data (SCTP, RFC 8261) passes through, once somebody reads it.

What comes of a handshake, and whose it is, is in crypto/dtls_keys.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.crypto.dtls_identity cimport DTLS_MAX_DATAGRAM, DtlsIdentity
from fastsfu._native.crypto.dtls_openssl cimport SSL
from fastsfu._native.crypto.dtls_records cimport DtlsRecords

cdef enum:
    DTLS_MAX_DATA = 1163      # bytes of application data that fit into it, with any of our ciphers
    DTLS_MAX_QUEUED = 32768   # bytes of datagrams waiting to be taken; what goes beyond is lost
    DTLS_MAX_FLIGHT = 96      # a server's last one takes 75

cdef enum DtlsState:
    DTLS_HANDSHAKING = 0
    DTLS_CONNECTED            # the fingerprint is the caller's to check before it exports
    DTLS_CLOSED               # close_notify received or sent
    DTLS_FAILED               # fatal alert or error; dtls_error says which

# Application data of one record; called within dtls_receive.
ctypedef void (*DtlsReader)(void* owner, const uint8_t* data, size_t size) noexcept

cdef struct Dtls:             # one association
    SSL* ssl                  # NULL once released
    DtlsRecords records       # since it is connected
    DtlsState state
    bint client
    const char* error         # OpenSSL's static reason, or NULL
    const uint8_t* record     # being read; NULL = none
    size_t record_size
    uint8_t* queue            # datagrams to send, each behind its 16-bit size; NULL while empty
    uint32_t queue_start
    uint32_t queue_end
    uint32_t queue_capacity
    uint32_t plain_records    # handed on without encryption: their numbers
    uint8_t early_records     # encrypted ones that came before the keys to read them
    uint8_t flight_size
    uint8_t flight[DTLS_MAX_FLIGHT]   # a server's last: its client may not have got it
    DtlsReader reader         # of application data; NULL = it has none, and is dropped
    void* owner               # given to it

cdef Dtls* dtls_new(DtlsIdentity* identity, bint client) except NULL
cdef void dtls_free(Dtls* dtls) noexcept                         # NULL is allowed
cdef void dtls_start(Dtls* dtls) noexcept                        # client: makes the ClientHello
cdef DtlsState dtls_receive(Dtls* dtls, const uint8_t* datagram, size_t size) noexcept
# The next datagram to send, 0 = none; capacity >= DTLS_MAX_DATAGRAM.
cdef size_t dtls_take(Dtls* dtls, uint8_t* out, size_t capacity) noexcept
cdef int64_t dtls_timeout_us(Dtls* dtls) noexcept      # until dtls_handle_timeout is due; -1 = none
cdef DtlsState dtls_handle_timeout(Dtls* dtls) noexcept
cdef void dtls_close(Dtls* dtls) noexcept                        # queues close_notify
# Give application data to `reader`; only once the fingerprint has been checked.
cdef void dtls_read(Dtls* dtls, DtlsReader reader, void* owner) noexcept
# Queue one record of application data. False: not connected, or more than DTLS_MAX_DATA bytes.
cdef bint dtls_write(Dtls* dtls, const uint8_t* data, size_t size) noexcept
cdef DtlsState dtls_state(const Dtls* dtls) noexcept
cdef str dtls_error(const Dtls* dtls)                  # why it failed, else ""; names no secret
# Once the fingerprint is checked and the keys are exported, neither of which can be done then: wipe
# what they come from, and give back OpenSSL's memory.
cdef void dtls_release(Dtls* dtls) noexcept
