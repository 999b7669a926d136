"""Python face of media/rate, for its tests."""

from libc.string cimport memset

from fastsfu._native.media.rate cimport (
    RATE_BUCKET_US, RATE_BUCKETS, Rate as CRate, rate_add, rate_bps)

BUCKETS, BUCKET_US = RATE_BUCKETS, RATE_BUCKET_US


cdef class Rate:
    cdef CRate rate

    def __init__(self):
        memset(&self.rate, 0, sizeof(CRate))

    def add(self, size, now_us):
        rate_add(&self.rate, size, now_us)

    def bps(self, now_us):
        return rate_bps(&self.rate, now_us)
