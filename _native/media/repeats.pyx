"""See repeats.pxd."""

from libc.stdlib cimport calloc

from fastsfu._native.base.bucket cimport bucket_fill, bucket_take

cdef enum:
    # A receiver asks again after a round-trip time by its own measure, which may be smaller.
    TOLERANCE_PERCENT = 80


cdef Repeats* repeats_new() noexcept nogil:
    return <Repeats*>calloc(1, sizeof(Repeats))


cdef bint repeats_allow(
        Repeats* repeats, Bucket* budget, uint16_t seq, uint32_t size, uint32_t rtt_us,
        int64_t estimate_bps, int64_t now_us) noexcept nogil:
    cdef Repeat* last = &repeats.last[seq & (REPEATS_CAPACITY - 1)]
    cdef uint32_t us = <uint32_t>now_us | 1
    if last.seq != seq:
        last[0] = Repeat(seq=seq, asks=0, us=0)
    last.asks += last.asks < REPEATS_MANY
    if last.us and us - last.us < rtt_us // 100 * TOLERANCE_PERCENT:
        return False
    if not repeats_afford(budget, size, estimate_bps, now_us):
        return False
    last.us = us
    return True


cdef bint repeats_vain(const Repeats* repeats, uint16_t seq) noexcept nogil:
    cdef const Repeat* last = &repeats.last[seq & (REPEATS_CAPACITY - 1)]
    return last.seq == seq and last.asks >= REPEATS_MANY


cdef Owed* repeats_owe(Repeats* repeats, uint16_t seq) noexcept nogil:
    cdef int i
    for i in range(repeats.owed_count):
        if repeats.owed[i].seq == seq:
            return &repeats.owed[i]
    if repeats.owed_count == REPEATS_OWED:
        return NULL
    repeats.owed_count += 1
    repeats.owed[repeats.owed_count - 1] = Owed(seq=seq, number=0, tries=0)
    return &repeats.owed[repeats.owed_count - 1]


cdef void repeats_settle(Repeats* repeats, int owed) noexcept nogil:
    repeats.owed_count -= 1
    repeats.owed[owed] = repeats.owed[repeats.owed_count]


cdef bint repeats_afford(
        Bucket* budget, uint32_t size, int64_t estimate_bps, int64_t now_us) noexcept nogil:
    return bucket_take(budget, rate_of(estimate_bps), size, now_us)


cdef bint repeats_spare(
        Bucket* budget, uint32_t size, int64_t estimate_bps, int64_t now_us) noexcept nogil:
    cdef int64_t rate = rate_of(estimate_bps)
    bucket_fill(budget, rate, now_us)
    return budget.tokens >= rate * 500000 and bucket_take(
        budget, rate, size, now_us)


cdef inline int64_t rate_of(int64_t estimate_bps) noexcept nogil:
    """Bytes a second."""
    cdef int64_t bps = estimate_bps if estimate_bps else <int64_t>REPEATS_FREE_BPS * REPEATS_SHARE
    return max(bps // (8 * REPEATS_SHARE), <int64_t>1)
