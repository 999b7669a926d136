"""See pacer.pxd."""

from libc.math cimport ceil
from libc.stdlib cimport free, malloc

cdef void pacer_init(Pacer* pacer, int64_t now_us) noexcept nogil:
    pacer.debt_bytes = 0
    pacer.rate_bps = pacer.steady_bps = 0
    pacer.spread = False
    pacer.at_us = now_us
    pacer.head = pacer.count = 0
    pacer.waiting_bytes = 0
    pacer.large_us = pacer.keyframe_us = 0
    pacer.picture_source = pacer.picture_ts = pacer.picture_bytes = 0
    pacer.waiting = NULL


cdef void pacer_free(Pacer* pacer) noexcept nogil:
    free(pacer.waiting)


cdef void pacer_set_rate(
        Pacer* pacer, double rate_bps, double steady_bps, int64_t now_us) noexcept nogil:
    drain(pacer, now_us)
    pacer.rate_bps = rate_bps
    pacer.steady_bps = min(steady_bps, rate_bps)
    pacer.spread = False


cdef void pacer_spread(Pacer* pacer, double rate_bps, int64_t now_us) noexcept nogil:
    pacer_set_rate(pacer, rate_bps, rate_bps, now_us)
    pacer.spread = True


cdef bint pacer_admits(Pacer* pacer, uint32_t bytes, int64_t now_us) noexcept nogil:
    if pacer.count:
        return False
    drain(pacer, now_us)
    return fits(pacer, bytes)


cdef void pacer_charge(Pacer* pacer, uint32_t bytes, int64_t now_us) noexcept nogil:
    drain(pacer, now_us)
    if pacer.rate_bps > 0:
        pacer.debt_bytes += bytes


cdef bint pacer_put(
        Pacer* pacer, uint64_t stream, uint64_t source, int64_t number, uint32_t ts, uint32_t size,
        bint keyframe, int64_t now_us) noexcept nogil:
    cdef Paced* paced
    if pacer.waiting == NULL:
        pacer.waiting = <Paced*>malloc(PACER_CAPACITY * sizeof(Paced))
    if pacer.waiting == NULL or pacer.count == PACER_CAPACITY:
        return False
    paced = &pacer.waiting[(pacer.head + pacer.count) & (PACER_CAPACITY - 1)]
    drain(pacer, now_us)
    note_picture(pacer, source, ts, size, keyframe, now_us)
    pacer.count += 1
    pacer.waiting_bytes += size
    paced.stream = stream
    paced.source = source
    paced.number = number
    paced.size = size
    paced.since_us = now_us
    return True


cdef inline void note_picture(
        Pacer* pacer, uint64_t source, uint32_t ts, uint32_t size, bint keyframe,
        int64_t now_us) noexcept nogil:
    if pacer.count == 0:
        pacer.large_us = pacer.keyframe_us = pacer.picture_bytes = 0
    if source != pacer.picture_source or ts != pacer.picture_ts:
        pacer.picture_source = source
        pacer.picture_ts = ts
        pacer.picture_bytes = 0
    pacer.picture_bytes += size
    if keyframe:
        pacer.keyframe_us = now_us
    if keyframe or takes_long(pacer, pacer.picture_bytes):
        pacer.large_us = now_us


cdef bint pacer_next(Pacer* pacer, Paced* paced, int64_t now_us) noexcept nogil:
    if pacer.count == 0:
        return False
    drain(pacer, now_us)
    paced[0] = pacer.waiting[pacer.head]
    if not fits(pacer, paced.size):
        return False
    pacer.head = (pacer.head + 1) & (PACER_CAPACITY - 1)
    pacer.count -= 1
    pacer.waiting_bytes -= paced.size
    return True


cdef int64_t pacer_due_us(const Pacer* pacer) noexcept nogil:
    cdef double above
    if pacer.count == 0:
        return PACER_IDLE
    if fits(pacer, pacer.waiting[pacer.head].size):
        return pacer.at_us
    above = pacer.debt_bytes + pacer.waiting[pacer.head].size - most(pacer)
    return pacer.at_us + <int64_t>ceil(min(above, pacer.debt_bytes) * 8e6 / rate_of(pacer))


cdef inline bint fits(const Pacer* pacer, uint32_t bytes) noexcept nogil:
    return (
        pacer.rate_bps <= 0 or pacer.debt_bytes <= 0 or pacer.debt_bytes + bytes <= most(pacer))


cdef inline double most(const Pacer* pacer) noexcept nogil:
    """The debt, in bytes, that drains in time."""
    return 0 if pacer.spread else PACER_DRAIN_US * pacer.rate_bps / 8e6


cdef inline bint takes_long(const Pacer* pacer, int64_t bytes) noexcept nogil:
    """So many would fill the link's queue, if they left at the pacing rate."""
    return bytes * 8e6 > PACER_SHORT_US * pacer.rate_bps


cdef inline double rate_of(const Pacer* pacer) noexcept nogil:
    if pacer.large_us and takes_long(pacer, pacer.waiting_bytes):
        return pacer.steady_bps
    return pacer.rate_bps


cdef inline void drain(Pacer* pacer, int64_t now_us) noexcept nogil:
    if pacer.rate_bps <= 0:
        pacer.debt_bytes = 0              # it drained at once
    if now_us > pacer.at_us:
        pacer.debt_bytes = max(
            0.0, pacer.debt_bytes - (now_us - pacer.at_us) * rate_of(pacer) / 8e6)
        pacer.at_us = now_us
