"""Python face of media/rewrite, for its tests."""

from libc.stdint cimport int64_t, uint32_t

from fastsfu._native.media.rewrite cimport (
    Rewrite as CRewrite, rewrite_find, rewrite_init, rewrite_map, rewrite_start, rewrite_stop)


cdef class Rewrite:
    cdef CRewrite rewrite

    def __init__(self, first_seq, ts_offset):
        rewrite_init(&self.rewrite, first_seq, ts_offset)

    def stop(self):
        rewrite_stop(&self.rewrite)

    def start(self, source, ts, same_source=True, clock_rate=90000, now_us=0):
        rewrite_start(&self.rewrite, source, ts, same_source, clock_rate, now_us)

    def map(self, source, ts, now_us=0):
        """(out index, out timestamp), or None when the packet is to be dropped."""
        cdef int64_t index
        cdef uint32_t out_ts
        if rewrite_map(&self.rewrite, source, ts, now_us, &index, &out_ts):
            return index, out_ts
        return None

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
