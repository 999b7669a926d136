"""What left on one transport, by transport-wide sequence number
(draft-holmer-rmcat-transport-wide-cc-extensions-01, section 2): a ring of the last packets, which
feedback is held against. It is small at first, and doubles when a packet of the last SENT_KEPT_US
would fall out of it unanswered: five times at most in the life of a transport.

A number is given once: sent_note gives it and notes the packet. One that has been acknowledged, or
has been pushed out by newer ones, says nothing any more.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    SENT_FEW = 64             # entries at first: a power of two; enough for voices
    SENT_CAPACITY = 2048      # and at most: SENT_KEPT_US at 10 Mbit/s
    SENT_KEPT_US = 2000000
    SENT_OVERHEAD = 28        # bytes of IPv4 and UDP around a datagram, which the link carries too

cdef struct Sent:
    uint32_t us               # when it left: low 32 bits of the monotonic clock
    uint16_t size             # bytes, with SENT_OVERHEAD; 0 = nothing here, or acknowledged
    uint8_t cluster           # number of the probe that it belongs to; 0 = none
    uint8_t lost              # was reported lost; may turn up yet

cdef struct SentLog:
    Sent* entries             # by (number % capacity)
    uint16_t capacity
    uint16_t next             # number of the next packet
    uint8_t cluster           # of the packets that leave now
    uint64_t bytes            # sent in all
    int64_t waits_us          # when the first one since the last feedback left; 0 = none has
    Sent few[SENT_FEW]        # `entries` at first

# It stays where it is from now on; sent_free gives back what it has grown to.
cdef void sent_init(SentLog* log, uint16_t first) noexcept nogil
cdef void sent_free(SentLog* log) noexcept nogil
# Twice as many entries, if there is memory for them.
cdef void sent_grow(SentLog* log) noexcept nogil
# The entry of a number that was given and is not acknowledged; NULL: none. The caller marks it.
cdef Sent* sent_find(SentLog* log, uint16_t number) noexcept nogil


cdef inline uint16_t sent_note(SentLog* log, uint16_t size, int64_t now_us) noexcept nogil:
    """Give the next number to a datagram of `size` > 0 bytes that leaves now."""
    cdef uint16_t number = log.next
    cdef Sent* entry = &log.entries[number & (log.capacity - 1)]
    if (entry.size and log.capacity < SENT_CAPACITY
            and <uint32_t>now_us - entry.us < SENT_KEPT_US):
        sent_grow(log)
        entry = &log.entries[number & (log.capacity - 1)]
    log.next += 1
    log.bytes += size
    if log.waits_us == 0:
        log.waits_us = now_us
    entry.us = <uint32_t>now_us
    entry.size = size
    entry.cluster = log.cluster
    entry.lost = 0
    return number


cdef inline int64_t sent_at(const Sent* entry, int64_t now_us) noexcept nogil:
    """When it left; right within 71 minutes."""
    return now_us - <uint32_t>(<uint32_t>now_us - entry.us)
