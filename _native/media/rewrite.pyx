"""See rewrite.pxd. Why the invariant holds: between a start and the next stop, index = source
number + offset is one to one; each start sets the offset so that its indices begin at next_index,
which is above all that were ever given; and source numbers below the start are refused."""

from libc.stdint cimport int32_t, uint64_t

from fastsfu._native.base.seq cimport seq_extend


cdef void rewrite_init(Rewrite* rewrite, uint16_t first_seq, uint32_t ts_offset) noexcept nogil:
    rewrite.started = False
    rewrite.ever = False
    rewrite.start_source = 0
    rewrite.offset = first_seq
    rewrite.next_index = first_seq
    rewrite.ts_offset = ts_offset
    rewrite.last_ts = 0
    rewrite.last_us = 0


cdef void rewrite_stop(Rewrite* rewrite) noexcept nogil:
    rewrite.started = False


cdef void rewrite_start(
        Rewrite* rewrite, int64_t source_ext_seq, uint32_t source_ts, bint same_source,
        uint32_t clock_rate, int64_t now_us) noexcept nogil:
    rewrite.started = True
    rewrite.start_source = source_ext_seq
    rewrite.offset = rewrite.next_index - source_ext_seq
    if rewrite.ever and not same_source:
        rewrite.ts_offset = rewrite.last_ts - source_ts
        rewrite.ts_offset += elapsed_ticks(now_us - rewrite.last_us, clock_rate)


cdef bint rewrite_map(
        Rewrite* rewrite, int64_t source_ext_seq, uint32_t source_ts, int64_t now_us,
        int64_t* index, uint32_t* ts) noexcept nogil:
    if not rewrite.started or source_ext_seq < rewrite.start_source:
        return False
    index[0] = source_ext_seq + rewrite.offset
    ts[0] = source_ts + rewrite.ts_offset
    if index[0] >= rewrite.next_index:
        rewrite.next_index = index[0] + 1
    if not rewrite.ever or <int32_t>(ts[0] - rewrite.last_ts) > 0:
        rewrite.last_ts = ts[0]
        rewrite.last_us = now_us
    rewrite.ever = True
    return True


cdef bint rewrite_find(
        const Rewrite* rewrite, uint16_t out_seq, int64_t* source_ext_seq,
        int64_t* index) noexcept nogil:
    cdef int64_t found = seq_extend(out_seq, rewrite.next_index - 1)
    cdef int64_t source = found - rewrite.offset
    if not rewrite.started or source < rewrite.start_source or found >= rewrite.next_index:
        return False
    index[0] = found
    source_ext_seq[0] = source
    return True


cdef inline uint32_t elapsed_ticks(int64_t us, uint32_t clock_rate) noexcept nogil:
    """At least 1: two frames with one timestamp would be taken for one."""
    cdef uint64_t elapsed = <uint64_t>max(us, <int64_t>0)
    cdef uint64_t whole = elapsed // 1000000 * clock_rate
    return <uint32_t>max(whole + elapsed % 1000000 * clock_rate // 1000000, <uint64_t>1)
