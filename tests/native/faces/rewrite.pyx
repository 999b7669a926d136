"""Python face of media/rewrite with media/numbering, for their tests."""

from libc.stdint cimport int64_t, uint32_t

from fastsfu._native.media.numbering cimport STRETCHES, Skip, Stretches, numbering_keep
from fastsfu._native.media.rewrite cimport (
    Rewrite as CRewrite, rewrite_elapsed, rewrite_find, rewrite_init, rewrite_later, rewrite_map,
    rewrite_skip, rewrite_start, rewrite_stop)

KEPT = STRETCHES


cdef class Rewrite:
    cdef CRewrite rewrite
    cdef Stretches older

    def __init__(self, first_seq, ts_offset, keep=True):
        rewrite_init(&self.rewrite, first_seq, ts_offset)
        if keep:
            numbering_keep(&self.rewrite.numbers, &self.older)

    def stop(self):
        rewrite_stop(&self.rewrite)

    def start(self, source, ts, same_source=True, clock_rate=90000, now_us=0):
        cdef uint32_t offset = self.rewrite.ts_offset
        if not same_source:
            offset = rewrite_elapsed(&self.rewrite, ts, clock_rate, now_us)
        rewrite_start(&self.rewrite, source, offset)

    def start_aligned(self, source, ts, uint32_t ts_offset):
        """With this offset, unless the packet would come before the last one."""
        rewrite_start(&self.rewrite, source, rewrite_later(&self.rewrite, ts, ts_offset))

    def map(self, source, ts, now_us=0):
        """(out index, out timestamp), or None when the packet is to be dropped."""
        cdef int64_t index
        cdef uint32_t out_ts
        if rewrite_map(&self.rewrite, source, ts, now_us, &index, &out_ts):
            return index, out_ts
        return None

    def skip(self, source):
        """(Skip, index of the hole or None)."""
        cdef int64_t index
        cdef Skip skip = rewrite_skip(&self.rewrite, source, &index)
        return skip, index if skip == Skip.SKIP_HOLE else None

    def find(self, out_seq):
        """(source number, out index), or None."""
        cdef int64_t source, index
        if rewrite_find(&self.rewrite, out_seq, &source, &index):
            return source, index
        return None

    def map_many(self, int64_t source, uint32_t count):
        """Map `count` packets in order, for the benchmark. Returns the last index."""
        cdef int64_t index = -1
        cdef uint32_t ts, i
        with nogil:
            for i in range(count):
                rewrite_map(&self.rewrite, source + i, i * 3000, i, &index, &ts)
        return index
