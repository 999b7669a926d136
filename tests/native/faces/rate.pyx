"""Python faces of media/rate and media/points, for their tests."""

from libc.string cimport memset

from fastsfu._native.media.points cimport WHOLE as C_WHOLE, Points as CPoints, points_measure
from fastsfu._native.media.rate cimport (
    RATE_BUCKET_US, RATE_BUCKETS, RATED, Rate as CRate, rate_add, rate_bps)

BUCKETS, BUCKET_US, LAYERS, WHOLE = RATE_BUCKETS, RATE_BUCKET_US, RATED, C_WHOLE


cdef class Rate:
    cdef CRate rate

    def __init__(self):
        memset(&self.rate, 0, sizeof(CRate))

    def add(self, size, now_us):
        rate_add(&self.rate, size, now_us)

    def bps(self, now_us):
        return rate_bps(&self.rate, now_us)


cdef class Points:
    """Of an encoding whose packets are added here."""

    cdef CPoints points
    cdef CRate rate[RATED][RATED]

    def __init__(self):
        memset(&self.points, 0, sizeof(CPoints))
        memset(self.rate, 0, sizeof(self.rate))

    def add(self, int spatial, int temporal, size, now_us):
        rate_add(&self.rate[spatial][temporal], size, now_us)

    def measure(self, bint layered, now_us):
        points_measure(&self.points, self.rate, layered, now_us)

    @property
    def bps(self):
        return self.points.bps

    @property
    def of(self):
        """(spatial, temporal, share) each, the cheapest first."""
        return [
            (self.points.of[i].spatial, self.points.of[i].temporal, self.points.of[i].share)
            for i in range(self.points.count)
        ]
