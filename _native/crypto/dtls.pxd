"""DTLS 1.2 (RFC 6347) for SRTP keys (RFC 5764): OpenSSL over a BIO of our own that keeps datagrams
apart. No socket: the event loop feeds datagrams, takes datagrams, and calls when OpenSSL's
retransmission timer (dtls_timeout_us) has run out.

Application data (SCTP, RFC 8261) passes through, once somebody reads it.

Keys go from the exporter to SrtpKeys and from there to the worker; they never become Python objects
(promise P5).
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.crypto.dtls_identity cimport DTLS_MAX_DATAGRAM, DtlsIdentity
from fastsfu._native.crypto.dtls_openssl cimport SSL
from fastsfu._native.crypto.srtp cimport SRTP_MAX_KEY, SRTP_MAX_SALT, SrtpProfile

cdef enum:
    DTLS_MAX_DATA = 1163      # bytes of application data that fit into it, with any of our ciphers
    DTLS_MAX_QUEUED = 32768   # bytes of datagrams waiting to be taken; what goes beyond is lost

cdef enum DtlsState:
    DTLS_HANDSHAKING = 0
    DTLS_CONNECTED            # the fingerprint is the caller's to check before it exports
    DTLS_CLOSED               # close_notify received or sent
    DTLS_FAILED               # fatal alert or error; dtls_error says which

# Application data of one record; called within dtls_receive.
ctypedef void (*DtlsReader)(void* owner, const uint8_t* data, size_t size) noexcept

cdef struct Dtls:             # one association
    SSL* ssl
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
    DtlsReader reader         # of application data; NULL = it has none, and is dropped
    void* owner               # given to it

cdef struct SrtpKeys:         # of one transport, both directions
    SrtpProfile profile
    uint8_t receive_key[SRTP_MAX_KEY]
    uint8_t receive_salt[SRTP_MAX_SALT]
    uint8_t send_key[SRTP_MAX_KEY]
    uint8_t send_salt[SRTP_MAX_SALT]

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
# Does the peer's certificate hash to `digest` under this algorithm name of RFC 8122 ("sha-256",
# "sha-384", "sha-512")?
cdef bint dtls_peer_matches(Dtls* dtls, str algorithm, bytes digest) noexcept
# 0; -1: not connected, or no SRTP profile was agreed. The caller wipes `keys`.
cdef int dtls_export(Dtls* dtls, SrtpKeys* keys) noexcept
# Wipe what the SRTP keys come from, once they are exported.
cdef void dtls_forget_secret(Dtls* dtls) noexcept
