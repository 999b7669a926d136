"""SRTP (RFC 3711, RFC 7714): contexts, protect, unprotect, replay lists; SRTCP is in srtcp. The
transform is ours; the primitives come from a Suite (crypto/suite): IPsec-MB where the machine has
it, else OpenSSL.

Unprotect keeps the order replay check -> authenticate -> commit, and writes plaintext only to
`out`.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastsfu._native.base.wire cimport read_u32, write_u32
from fastsfu._native.crypto.suite cimport CmJob, CmKey, GcmKey, Suite

cpdef enum SrtpProfile:       # DTLS-SRTP protection profiles (RFC 5764, RFC 7714)
    AES128_CM_SHA1_80 = 0x0001
    AEAD_AES_128_GCM = 0x0007
    AEAD_AES_256_GCM = 0x0008

cdef enum:
    REPLAY_PACKETS = 1024
    REPLAY_WORDS = 16         # 64 packets each
    RTP_SENDERS = 256         # sender SSRCs of one peer while a key lives
    RTCP_SENDERS = 16         # sender SSRCs of one peer whose SRTCP indices are followed
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
    SRTP_EXHAUSTED            # 2^48 (2^31 for RTCP) packets, or RTP_SENDERS SSRCs, under one key

cdef struct ReplayList:       # of one SSRC; RFC 3711 section 3.3.2
    int64_t highest           # index of the newest authenticated packet; -1 = none yet
    uint64_t seen[REPLAY_WORDS]   # bit (index % 1024)

# The index of an SSRC counts, and its list holds, while the key is in use (RFC 3711 sections 3.2.3
# and 3.3.2), so both outlive the streams that are made of it. Only an authenticated packet takes a
# place here, and none is ever given up: beyond RTP_SENDERS a new SSRC is refused.
cdef struct RtpSender:
    uint32_t ssrc
    ReplayList replay

# The SRTCP index counts per SSRC (RFC 3711 section 3.2.1), so each sender SSRC has a list of its
# own. Only an authenticated packet takes a place here. When all are taken the longest silent one
# goes, and what it had reached becomes `floor`: an SSRC without a list must be above it, so that
# nothing recorded earlier can be played again.
cdef struct RtcpSender:
    uint32_t ssrc
    uint32_t used             # RtcpSenders.clock at its last packet
    ReplayList replay

cdef struct RtcpSenders:
    int64_t floor             # highest index of all dropped lists; -1 = none
    uint32_t clock
    RtcpSender* sender        # in the order in which they began
    int count

# One direction of one transport: the session keys of one master key.
cdef struct SrtpContext:
    Suite* suite
    GcmKey* gcm_rtp           # AEAD profiles, else NULL
    CmKey* cm_rtp             # AES128_CM_SHA1_80, else NULL
    uint8_t tag_size
    bint wide                 # 256-bit keys
    uint8_t rtp_salt[16]      # 14 or 12 bytes, then zeros
    uint8_t rtcp_salt[16]
    SrtpProfile profile
    GcmKey* gcm_rtcp
    CmKey* cm_rtcp
    uint32_t rtcp_index       # next SRTCP index to send
    RtcpSenders rtcp_senders  # of received SRTCP
    RtpSender* rtp_senders    # of received SRTP, in the order in which they began
    int rtp_sender_count

# One RTP packet to protect: its header stands at `packet`; payload (shared, read only) is encrypted
# to behind it, then the tag.
cdef struct ProtectJob:
    SrtpContext* context
    uint64_t index            # ROC << 16 | SEQ
    uint8_t* packet
    const uint8_t* payload    # may also be packet + header_size (in place)
    uint16_t header_size
    uint16_t payload_size

cdef int srtp_key_size(SrtpProfile profile) noexcept nogil       # bytes of the master key: 16 or 32
cdef int srtp_salt_size(SrtpProfile profile) noexcept nogil      # of the master salt: 14 or 12
# Derives the session keys (RFC 3711 section 4.3, key derivation rate 0). 0, or -1: out of memory or
# no such profile. Keys live in locked memory.
cdef int srtp_open(
    SrtpContext* context, Suite* suite, SrtpProfile profile,
    const uint8_t* key, const uint8_t* salt) noexcept nogil
cdef void srtp_close(SrtpContext* context) noexcept nogil        # wipes; zeroed ones are allowed

# `header_size`: RTP header with CSRCs and extension (rtp_parse). `out` gets the whole plain packet
# (header copied), at least `size` bytes; after a failure it holds nothing of it. `*index`: ROC <<
# 16 | SEQ.
cdef SrtpResult srtp_unprotect(
    SrtpContext* context, const uint8_t* packet, size_t size, uint16_t header_size,
    uint8_t* out, size_t* out_size, int64_t* index) noexcept nogil
# Every job's packet ends up header_size + payload_size + context.tag_size bytes long. The caller
# keeps indices unique and rising below 2^48. All contexts of one call are of one Suite.
cdef void srtp_protect(ProtectJob* jobs, int count) noexcept nogil

# What srtcp shares.
cdef void replay_init(ReplayList* replay) noexcept nogil
cdef SrtpResult replay_check(const ReplayList* replay, int64_t index) noexcept nogil
cdef void replay_commit(ReplayList* replay, int64_t index) noexcept nogil
# Authenticate, then decrypt. False: the tag is another.
cdef bint open_cm(Suite* suite, CmJob* job, const uint8_t* tag) noexcept nogil


cdef inline void gcm_iv(
        uint8_t* iv, const uint8_t* salt, uint32_t ssrc, uint64_t index) noexcept nogil:
    """RFC 7714 sections 8.1 and 9.1: 00 00 || SSRC || 48-bit index, XOR salt."""
    write_u32(iv, read_u32(salt) ^ (ssrc >> 16))
    write_u32(iv + 4, read_u32(salt + 4) ^ (ssrc << 16) ^ <uint32_t>(index >> 32))
    write_u32(iv + 8, read_u32(salt + 8) ^ <uint32_t>index)


cdef inline void cm_iv(
        uint8_t* iv, const uint8_t* salt, uint32_t ssrc, uint64_t index) noexcept nogil:
    """RFC 3711 section 4.1.1: (salt << 16) XOR (SSRC << 64) XOR (index << 16)."""
    memcpy(iv, salt, 16)
    write_u32(iv + 4, read_u32(salt + 4) ^ ssrc)
    write_u32(iv + 8, read_u32(salt + 8) ^ <uint32_t>(index >> 16))
    write_u32(iv + 12, read_u32(salt + 12) ^ <uint32_t>(index << 16))
