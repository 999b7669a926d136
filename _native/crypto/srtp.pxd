"""SRTP and SRTCP (RFC 3711, RFC 7714): contexts, protect, unprotect, replay lists. The transform is ours; the primitives
come from a Suite (crypto/suite): IPsec-MB where the machine has it, else OpenSSL.

Unprotect keeps the order replay check -> authenticate -> commit, and writes plaintext only to `out`.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.crypto.suite cimport GcmKey, CmKey, Suite

cpdef enum SrtpProfile:       # DTLS-SRTP protection profiles (RFC 5764, RFC 7714)
    AES128_CM_SHA1_80 = 0x0001
    AEAD_AES_128_GCM = 0x0007
    AEAD_AES_256_GCM = 0x0008

cdef enum:
    REPLAY_PACKETS = 1024
    SRTP_MAX_OVERHEAD = 16    # bytes a protected RTP packet is longer than its plaintext
    SRTCP_MAX_OVERHEAD = 20
    SRTP_MAX_KEY = 32
    SRTP_MAX_SALT = 14

cdef enum SrtpResult:
    SRTP_OK = 0
    SRTP_MALFORMED            # shorter than header and tag
    SRTP_REPLAYED             # its index was received before
    SRTP_OLD                  # its index lies behind the replay list
    SRTP_UNAUTHENTIC
    SRTP_EXHAUSTED            # 2^48 (2^31 for RTCP) packets under one key

cdef struct ReplayList:       # of one SSRC (RTP), or of one context (RTCP per SSRC is not tracked apart)
    int64_t highest           # index of the newest authenticated packet; -1 = none yet
    uint64_t seen[16]   # bit (index % 1024)

# One direction of one transport: the session keys of one master key.
cdef struct SrtpContext:
    Suite* suite
    SrtpProfile profile
    uint8_t tag_size
    uint8_t rtp_salt[SRTP_MAX_SALT]
    uint8_t rtcp_salt[SRTP_MAX_SALT]
    uint32_t rtcp_index       # next SRTCP index to send
    ReplayList rtcp_replay    # of received SRTCP
    GcmKey* gcm_rtp           # AEAD profiles, else NULL
    GcmKey* gcm_rtcp
    CmKey* cm_rtp             # AES128_CM_SHA1_80, else NULL
    CmKey* cm_rtcp

# One RTP packet to protect: its header stands at `packet`; payload (shared, read only) is encrypted to behind it, then the tag.
cdef struct ProtectJob:
    SrtpContext* context
    uint64_t index            # ROC << 16 | SEQ
    uint8_t* packet
    const uint8_t* payload    # may also be packet + header_size (in place)
    uint16_t header_size
    uint16_t payload_size

cdef int srtp_key_size(SrtpProfile profile) noexcept nogil       # bytes of the master key: 16 or 32
cdef int srtp_salt_size(SrtpProfile profile) noexcept nogil      # bytes of the master salt: 14 or 12
# Derives the session keys (RFC 3711 section 4.3, key derivation rate 0). 0, or -1 when out of memory. Keys live in locked memory.
cdef int srtp_open(SrtpContext* context, Suite* suite, SrtpProfile profile, const uint8_t* key, const uint8_t* salt) noexcept nogil
cdef void srtp_close(SrtpContext* context) noexcept nogil        # wipes and frees
cdef void replay_init(ReplayList* replay) noexcept nogil

# `header_size`: RTP header with CSRCs and extension (rtp_parse). `out` gets the whole plain packet (header copied), at least `size` bytes.
cdef SrtpResult srtp_unprotect(
    SrtpContext* context, ReplayList* replay, const uint8_t* packet, size_t size, uint16_t header_size,
    uint8_t* out, size_t* out_size, int64_t* index) noexcept nogil
# Every job's packet ends up header_size + payload_size + context.tag_size bytes long. The caller keeps indices unique and rising.
cdef void srtp_protect(ProtectJob* jobs, int count) noexcept nogil
# Compound RTCP: unprotect to `out` (at least `size` bytes); protect in place, `capacity` >= size + SRTCP_MAX_OVERHEAD. *size is updated.
cdef SrtpResult srtcp_unprotect(SrtpContext* context, const uint8_t* packet, size_t size, uint8_t* out, size_t* out_size) noexcept nogil
cdef SrtpResult srtcp_protect(SrtpContext* context, uint8_t* packet, size_t* size) noexcept nogil
