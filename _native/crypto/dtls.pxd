"""DTLS 1.2 (RFC 6347) for SRTP keys (RFC 5764): OpenSSL over memory BIOs. No socket and no clock of its own: the event loop
feeds datagrams, takes datagrams, and calls when OpenSSL's retransmission timer (dtls_timeout_us) has run out.

Keys go from the exporter to SrtpKeys and from there to the worker; they never become Python objects (promise P5).
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t

from fastsfu._native.crypto.srtp cimport SRTP_MAX_KEY, SRTP_MAX_SALT, SrtpProfile

cdef enum:
    DTLS_MAX_DATAGRAM = 1200  # bytes; what a flight is cut to

cdef enum DtlsState:
    DTLS_HANDSHAKING = 0
    DTLS_CONNECTED            # handshake done; the fingerprint is the caller's to check before it exports
    DTLS_CLOSED               # close_notify received or sent
    DTLS_FAILED               # fatal alert or error; dtls_error says which

cdef struct DtlsIdentity      # opaque: our certificate, key and settings (one SSL_CTX for each role)
cdef struct Dtls              # opaque: one association

cdef struct SrtpKeys:         # of one transport, both directions
    SrtpProfile profile
    uint8_t receive_key[SRTP_MAX_KEY]
    uint8_t receive_salt[SRTP_MAX_SALT]
    uint8_t send_key[SRTP_MAX_KEY]
    uint8_t send_salt[SRTP_MAX_SALT]

# PEM texts; raises ValueError with OpenSSL's reason.
cdef DtlsIdentity* dtls_identity_new(bytes certificate_pem, bytes private_key_pem) except NULL
cdef void dtls_identity_free(DtlsIdentity* identity) noexcept
cdef Dtls* dtls_new(DtlsIdentity* identity, bint client) except NULL
cdef void dtls_free(Dtls* dtls) noexcept
cdef void dtls_start(Dtls* dtls) noexcept                                    # client: makes the ClientHello
cdef DtlsState dtls_receive(Dtls* dtls, const uint8_t* datagram, size_t size) noexcept
cdef size_t dtls_take(Dtls* dtls, uint8_t* out, size_t capacity) noexcept     # next datagram to send, 0 = none; capacity >= DTLS_MAX_DATAGRAM
cdef int64_t dtls_timeout_us(Dtls* dtls) noexcept                            # until dtls_handle_timeout is due; -1 = no timer
cdef DtlsState dtls_handle_timeout(Dtls* dtls) noexcept
cdef void dtls_close(Dtls* dtls) noexcept                                    # queues close_notify
cdef DtlsState dtls_state(const Dtls* dtls) noexcept
cdef str dtls_error(const Dtls* dtls)                                        # one sentence, "" when there was none; names no secret
# Does the peer's certificate hash to `digest` under this algorithm name of RFC 8122 ("sha-256", "sha-384", "sha-512", ...)?
cdef bint dtls_peer_matches(Dtls* dtls, str algorithm, bytes digest) noexcept
cdef int dtls_export(Dtls* dtls, SrtpKeys* keys) noexcept                    # 0; -1: no SRTP profile was agreed
