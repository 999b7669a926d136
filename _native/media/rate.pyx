"""See rate.pxd."""

from libc.stdint cimport uint64_t
from libc.string cimport memset


cdef void rate_advance(Rate* rate, int64_t bucket) noexcept nogil:
    """The newest bucket is this one now: those that it has left behind are empty."""
    if bucket - rate.newest >= RATE_BUCKETS:
        memset(rate.bytes, 0, sizeof(rate.bytes))
        rate.total = 0
        rate.newest = bucket
    while rate.newest < bucket:
        rate.newest += 1
        rate.total -= rate.bytes[rate.newest % RATE_BUCKETS]
        rate.bytes[rate.newest % RATE_BUCKETS] = 0


cdef uint32_t rate_bps(Rate* rate, int64_t now_us) noexcept nogil:
    cdef int64_t bucket = now_us // RATE_BUCKET_US
    cdef int64_t window_us = (RATE_BUCKETS - 1) * RATE_BUCKET_US + now_us % RATE_BUCKET_US + 1
    if bucket > rate.newest:
        rate_advance(rate, bucket)
    return <uint32_t>(<uint64_t>rate.total * 8000000 // <uint64_t>window_us)
