"""Bits a second over a sliding half a second: what one layer of a stream costs."""

from libc.stdint cimport int64_t, uint32_t

cdef enum:
    RATED = 4                     # spatial, and temporal, layers of a stream that are measured
    RATE_BUCKETS = 10
    RATE_BUCKET_US = 50000

cdef struct Rate:                 # zeroes: nothing yet
    int64_t newest                # number of the newest bucket: its time / RATE_BUCKET_US
    uint32_t total                # bytes in all buckets
    uint32_t bytes[RATE_BUCKETS]  # ring

cdef void rate_advance(Rate* rate, int64_t bucket) noexcept nogil
# Over the half second that ends now; of a stream that has just begun too little.
cdef uint32_t rate_bps(Rate* rate, int64_t now_us) noexcept nogil


cdef inline void rate_add(Rate* rate, uint32_t size, int64_t now_us) noexcept nogil:
    """`size` bytes came; a time before the newest bucket's counts as that."""
    cdef int64_t bucket = now_us // RATE_BUCKET_US
    if bucket > rate.newest:
        rate_advance(rate, bucket)
    rate.bytes[rate.newest % RATE_BUCKETS] += size
    rate.total += size
