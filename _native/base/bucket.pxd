"""A token bucket: so many bytes a second, saved up for one second at most."""

from libc.stdint cimport int64_t, uint32_t

cdef struct Bucket:
    int64_t tokens                # bytes * 1,000,000 that may go now
    int64_t filled_us             # when tokens were last added


cdef inline void bucket_fill(Bucket* bucket, int64_t rate, int64_t now_us) noexcept nogil:
    """Add what has come since; rate: bytes a second."""
    cdef int64_t elapsed_us = min(now_us - bucket.filled_us, <int64_t>1000000)
    if elapsed_us > 0:
        bucket.tokens = min(bucket.tokens + elapsed_us * rate, rate * 1000000)
        bucket.filled_us = now_us


# Takes `size` bytes when they are there. rate: bytes a second; 0 = no limit.
cdef inline bint bucket_take(
        Bucket* bucket, int64_t rate, uint32_t size, int64_t now_us) noexcept nogil:
    if rate == 0:
        return True
    bucket_fill(bucket, rate, now_us)
    if bucket.tokens < <int64_t>size * 1000000:
        return False
    bucket.tokens -= <int64_t>size * 1000000
    return True
