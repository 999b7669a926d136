"""See competing.pxd."""

from libc.string cimport memset

from fastsfu._native.bwe.queue cimport QUEUE_GROWN_US, QUEUE_STANDING_US, queue_keep

cdef enum:
    SENT_US = 500000              # over which it is averaged
    LONGEST_US = 500000           # between two looks
    SETTLED_US = 300000           # until what arrives is what the queue lets through
    DOUBT_US = 50000              # beyond which half as long again
    OVER_US = 1000000             # short for so long it has gone
    MISSING_US = 2000000          # and missing for so long it was ours,
    REFUTED_US = 30000000         # which is not asked again soon
    LOSING_US = 20000000          # between two times that a download overfills the queue

cdef double ARRIVES = 0.85        # of what is sent: all of it, but for what a full queue drops
cdef double FAIR = 2 / 3.0
cdef double SURE = 1.5


cdef void competing_init(Competing* c, int64_t now_us) noexcept nogil:
    memset(c, 0, sizeof(Competing))
    c.looked_us = now_us
    c.refuted_us = now_us - REFUTED_US
    c.lost_us = now_us - LOSING_US


cdef void competing_look(
        Competing* c, Queue* queue, const Acked* acked, double bps, bint loses,
        uint64_t sent_bytes, int64_t now_us) noexcept nogil:
    cdef int64_t passed_us = now_us - c.looked_us
    cdef bint arrives
    if passed_us <= 0:
        return
    c.sent_bps += min(1.0, <double>passed_us / SENT_US) * (
        8e6 * (sent_bytes - c.sent_bytes) / passed_us - c.sent_bps)
    c.sent_bytes = sent_bytes
    c.looked_us = now_us
    if loses:
        c.lost_us = now_us
    arrives = max(acked.bps, acked.recent_bps) >= ARRIVES * c.sent_bps
    note_queue(c, queue, now_us)
    if c.fair_bps > 0:
        keep(c, arrives, now_us)
        if now_us - c.lost_us < LOSING_US:
            queue_keep(queue, passed_us)
    elif c.stands_us == 0:
        c.through_bps = c.owed_us = 0
        if queue.low_us < QUEUE_GROWN_US:
            c.before_bps = bps
    elif arrives and now_us - c.stands_us > SETTLED_US:
        c.through_bps = max(c.through_bps, acked.recent_bps)
        if c.through_bps > c.sent_bps:
            c.owed_us += min(passed_us, <int64_t>LONGEST_US) * (1 - c.sent_bps / c.through_bps)
        if c.owed_us > SURE * queue.us + DOUBT_US and now_us - c.refuted_us >= REFUTED_US:
            c.fair_bps = max(FAIR * c.before_bps, bps)
            c.missing_us = 0


cdef inline void note_queue(Competing* c, Queue* queue, int64_t now_us) noexcept nogil:
    if queue.low_us >= QUEUE_STANDING_US:
        c.short_us = 0
        c.stands_us = c.stands_us if c.stands_us else now_us
        return
    c.short_us = c.short_us if c.short_us else now_us
    if c.fair_bps <= 0 or now_us - c.short_us >= OVER_US:
        c.stands_us = 0


cdef inline void keep(Competing* c, bint arrives, int64_t now_us) noexcept nogil:
    if arrives:
        c.missing_us = 0
    elif c.missing_us == 0:
        c.missing_us = now_us
    elif now_us - c.missing_us >= MISSING_US:
        c.fair_bps = 0
        c.refuted_us = now_us
    if c.stands_us == 0:
        c.fair_bps = 0
