"""See rewrite.pxd."""

from libc.stdint cimport int32_t, uint64_t

from fastsfu._native.base.seq cimport seq_extend
from fastsfu._native.media.numbering cimport (
    SKIP_UNKNOWN, numbering_find, numbering_init, numbering_map, numbering_skip, numbering_start,
)


cdef void rewrite_init(Rewrite* rewrite, uint16_t first_seq, uint32_t ts_offset) noexcept nogil:
    rewrite.started = False
    rewrite.ever = False
    numbering_init(&rewrite.numbers, first_seq)
    rewrite.ts_offset = ts_offset
    rewrite.last_ts = 0
    rewrite.last_us = 0


cdef void rewrite_stop(Rewrite* rewrite) noexcept nogil:
    rewrite.started = False


cdef void rewrite_start(
        Rewrite* rewrite, int64_t source_ext_seq, uint32_t ts_offset) noexcept nogil:
    rewrite.started = True
    numbering_start(&rewrite.numbers, source_ext_seq)
    rewrite.ts_offset = ts_offset


cdef uint32_t rewrite_elapsed(
        const Rewrite* rewrite, uint32_t source_ts, uint32_t clock_rate,
        int64_t now_us) noexcept nogil:
    if not rewrite.ever:
        return rewrite.ts_offset
    return rewrite.last_ts - source_ts + elapsed_ticks(now_us - rewrite.last_us, clock_rate)


cdef uint32_t rewrite_later(
        const Rewrite* rewrite, uint32_t source_ts, uint32_t ts_offset) noexcept nogil:
    if not rewrite.ever or <int32_t>(source_ts + ts_offset - rewrite.last_ts) > 0:
        return ts_offset
    return rewrite.last_ts + 1 - source_ts


cdef bint rewrite_map(
        Rewrite* rewrite, int64_t source_ext_seq, uint32_t source_ts, int64_t now_us,
        int64_t* index, uint32_t* ts) noexcept nogil:
    if not rewrite.started or not numbering_map(&rewrite.numbers, source_ext_seq, index):
        return False
    ts[0] = source_ts + rewrite.ts_offset
    if not rewrite.ever or <int32_t>(ts[0] - rewrite.last_ts) > 0:
        rewrite.last_ts = ts[0]
        rewrite.last_us = now_us
    rewrite.ever = True
    return True


cdef Skip rewrite_skip(Rewrite* rewrite, int64_t source_ext_seq, int64_t* index) noexcept nogil:
    if not rewrite.started:
        return SKIP_UNKNOWN
    return numbering_skip(&rewrite.numbers, source_ext_seq, index)


cdef bint rewrite_find(
        const Rewrite* rewrite, uint16_t out_seq, int64_t* source_ext_seq,
        int64_t* index) noexcept nogil:
    index[0] = seq_extend(out_seq, rewrite.numbers.next - 1)
    if not rewrite.started or index[0] >= rewrite.numbers.next:
        return False
    return numbering_find(&rewrite.numbers, index[0], source_ext_seq)


cdef inline uint32_t elapsed_ticks(int64_t us, uint32_t clock_rate) noexcept nogil:
    """At least 1: two frames with one timestamp would be taken for one."""
    cdef uint64_t elapsed = <uint64_t>max(us, <int64_t>0)
    cdef uint64_t whole = elapsed // 1000000 * clock_rate
    return <uint32_t>max(whole + elapsed % 1000000 * clock_rate // 1000000, <uint64_t>1)
