"""Records of DTLS 1.2 once the handshake is done (RFC 6347 section 4.1), with the AEAD ciphers that
we agree to (RFC 5246 section 6.2.3.3): AES-GCM (RFC 5288) and ChaCha20-Poly1305 (RFC 7905).

OpenSSL does the handshake. What it keeps afterwards takes 37 KiB for each association, 21 of them a
buffer for handshakes, and no call of its own frees that. What is left to do, a goodbye, application
data, a last flight that is asked for once more, needs the keys and two sequence numbers.
"""

from libc.stdint cimport uint8_t, uint64_t

from fastsfu._native.crypto.dtls_openssl cimport SSL

cdef enum:
    DTLS_RECORD_HEADER = 13   # type, version, epoch, sequence number, length
    DTLS_MAX_KEY = 32
    DTLS_NONCE = 12
    DTLS_MAX_RECORD = 2048    # bytes with its header; what is longer is none of our peers'
    RECORD_NONE = -1
    RECORD_FORGED = -2

cdef enum DtlsContent:        # a record's type
    DTLS_CHANGE_CIPHER_SPEC = 20
    DTLS_ALERT = 21
    DTLS_HANDSHAKE = 22
    DTLS_DATA = 23

cdef struct DtlsDirection:    # epoch 1 of one direction
    uint8_t key[DTLS_MAX_KEY]
    uint8_t iv[DTLS_NONCE]    # GCM: the first four bytes

cdef struct DtlsRecords:
    int cipher                # OpenSSL's NID
    DtlsDirection reading
    DtlsDirection writing
    uint64_t number           # epoch and sequence number of our next record; 0 = no keys yet
    uint64_t nonce            # GCM: what it says of its nonce
    uint64_t highest          # number of the peer's that were authentic
    uint64_t seen             # which of the 64 up to it have come: bit n is `highest` - n

# Note what OpenSSL has written, so that no number and no nonce is used twice.
cdef void records_note(DtlsRecords* records, const uint8_t* datagram, size_t size) noexcept nogil
# The keys of a handshake that is done. 0, or -1: OpenSSL cannot, or has sent nothing under them.
cdef int records_derive(DtlsRecords* records, SSL* ssl, bint client) noexcept
# One whole record into `out`: its size, or 0: it does not fit, or the numbers are used up.
cdef size_t records_seal(
    DtlsRecords* records, DtlsContent type, const uint8_t* data, size_t size, uint8_t* out,
    size_t capacity) noexcept
# What is in a whole record of at most DTLS_MAX_RECORD bytes: the size of it in `out`, which has as
# much room. RECORD_NONE: no record of this epoch, or it came before; RECORD_FORGED: it seemed to be
# one, and is not authentic.
cdef int records_open(
    DtlsRecords* records, const uint8_t* record, size_t size, uint8_t* out) noexcept
