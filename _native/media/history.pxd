"""The last packets of one RTP stream, as received (plaintext, before any rewrite): what NACKs are
answered from (RFC 4588). Shared by all receivers of the stream."""

from libc.stdint cimport int64_t, uint32_t

from fastsfu._native.media.packet cimport MediaPacket

cdef struct History:
    MediaPacket* packets      # ring by ext_seq; buffer NULL = empty
    uint32_t mask             # capacity - 1
    int64_t max_age_us
    int64_t kept_us           # until then nothing is too old
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
# The same whatever its age.
cdef MediaPacket* history_peek(History* history, int64_t ext_seq) noexcept nogil
# It was put so long ago that it is not held any more.
cdef inline bint history_gone(const History* history, int64_t ext_seq) noexcept nogil:
    return ext_seq < history.oldest

# Nothing is too old until then.
cdef inline void history_keep(History* history, int64_t until_us) noexcept nogil:
    history.kept_us = until_us

# Lets go of all of it; any number may follow.
cdef void history_clear(History* history) noexcept nogil
# Lets go of what is too old: for streams that have fallen silent, so that no plaintext stays.
cdef void history_expire(History* history, int64_t now_us) noexcept nogil
