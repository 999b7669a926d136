"""See history.pxd. Every packet held lies in [oldest, newest], and that range is at most one ring
long: so a slot holds either the packet of its number or nothing."""

from libc.errno cimport ENOMEM
from libc.stdlib cimport calloc, free

from fastsfu._native.base.pool cimport buffer_hold, buffer_release


cdef int history_init(History* history, uint32_t capacity, int64_t max_age_us) noexcept nogil:
    history.packets = <MediaPacket*>calloc(capacity, sizeof(MediaPacket))
    history.mask = capacity - 1
    history.max_age_us = max_age_us
    history.kept_us = 0
    history.oldest = 0
    history.newest = -1
    return 0 if history.packets != NULL else -ENOMEM


cdef void history_free(History* history) noexcept nogil:
    if history.packets == NULL:
        return
    forget_before(history, history.newest + 1)
    free(history.packets)
    history.packets = NULL


cdef void history_put(
        History* history, const MediaPacket* packet, int64_t now_us) noexcept nogil:
    cdef int64_t lowest
    history_expire(history, now_us)
    if history.oldest > history.newest:         # empty: the ring may begin anywhere
        history.oldest = packet.ext_seq
        history.newest = packet.ext_seq
    elif packet.ext_seq > history.newest:
        lowest = packet.ext_seq - history.mask
        if lowest > history.oldest:
            forget_before(history, min(lowest, history.newest + 1))
            history.oldest = lowest
        history.newest = packet.ext_seq
    elif packet.ext_seq < history.newest - history.mask:
        return
    elif packet.ext_seq < history.oldest:
        history.oldest = packet.ext_seq
    place(history, packet)


cdef MediaPacket* history_get(
        History* history, int64_t ext_seq, int64_t now_us) noexcept nogil:
    cdef MediaPacket* slot = history_peek(history, ext_seq)
    if slot == NULL or too_old(history, slot, now_us):
        return NULL
    return slot


cdef MediaPacket* history_peek(History* history, int64_t ext_seq) noexcept nogil:
    cdef MediaPacket* slot
    if ext_seq < history.oldest or ext_seq > history.newest:
        return NULL
    slot = &history.packets[ext_seq & history.mask]
    return slot if slot.buffer != NULL else NULL


cdef void history_clear(History* history) noexcept nogil:
    if history.packets == NULL:
        return
    forget_before(history, history.newest + 1)
    history.oldest = 0
    history.newest = -1


cdef void history_expire(History* history, int64_t now_us) noexcept nogil:
    cdef MediaPacket* slot
    while history.oldest <= history.newest:
        slot = &history.packets[history.oldest & history.mask]
        if slot.buffer != NULL:
            if not too_old(history, slot, now_us):
                return
            let_go(slot)
        history.oldest += 1


cdef inline bint too_old(
        const History* history, const MediaPacket* slot, int64_t now_us) noexcept nogil:
    return now_us - slot.arrival_us > history.max_age_us and now_us >= history.kept_us


cdef inline void let_go(MediaPacket* slot) noexcept nogil:
    buffer_release(slot.buffer)
    slot.buffer = NULL


cdef void place(History* history, const MediaPacket* packet) noexcept nogil:
    cdef MediaPacket* slot = &history.packets[packet.ext_seq & history.mask]
    buffer_hold(packet.buffer)                  # before the release: it may be the same buffer
    if slot.buffer != NULL:
        let_go(slot)
    slot[0] = packet[0]


cdef void forget_before(History* history, int64_t ext_seq) noexcept nogil:
    """Let go of the numbers below `ext_seq` (at most newest + 1, so at most one ring of them)."""
    cdef MediaPacket* slot
    while history.oldest < ext_seq:
        slot = &history.packets[history.oldest & history.mask]
        if slot.buffer != NULL:
            let_go(slot)
        history.oldest += 1
