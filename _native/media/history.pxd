"""The last packets of one RTP stream, as received (plaintext, before any rewrite): what NACKs are
answered from (RFC 4588). Shared by all receivers of the stream."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.base.pool cimport Buffer
from fastsfu._native.packet.rtp cimport RtpHeader

cdef enum:
    NO_LEVEL = 255            # MediaPacket.level: the packet had none

# A received packet and what is known of it.
cdef struct MediaPacket:
    Buffer* buffer            # plaintext; payload at data[header.header_size]
    RtpHeader header
    int64_t ext_seq           # extended sequence number in its stream
    int64_t arrival_us
    uint16_t payload_size     # without the sender's own padding
    uint8_t padding           # bytes that egress put behind the payload; the last one counts them
    bint keyframe             # a decodable start begins here
    uint8_t level             # audio: the byte of its level (RFC 6464) that travels on, or NO_LEVEL

cdef struct History:
    MediaPacket* packets      # ring by ext_seq; buffer NULL = empty
    uint32_t mask             # capacity - 1
    int64_t max_age_us
    int64_t oldest            # lowest ext_seq that may still be held
    int64_t newest            # highest ext_seq ever put; oldest > newest: nothing is held

# capacity: a power of two. 0, or -ENOMEM.
cdef int history_init(History* history, uint32_t capacity, int64_t max_age_us) noexcept nogil
# Releases every buffer.
cdef void history_free(History* history) noexcept nogil
# Takes a hold of the buffer; lets go of the packet in its place and of those older than max_age_us.
# A packet that lies a whole ring behind the newest one is not kept.
cdef void history_put(
    History* history, const MediaPacket* packet, int64_t now_us) noexcept nogil
# NULL when gone or too old. Borrowed: valid until the next put, expire or free.
cdef MediaPacket* history_get(
    History* history, int64_t ext_seq, int64_t now_us) noexcept nogil
# Lets go of what is too old: for streams that have fallen silent, so that no plaintext stays.
cdef void history_expire(History* history, int64_t now_us) noexcept nogil
