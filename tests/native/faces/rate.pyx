"""Python faces of media/rate and media/points, for their tests."""

from libc.string cimport memset

from fastsfu._native.media.points cimport (
    WHOLE as C_WHOLE, Points as CPoints, points_measure, points_most)
from fastsfu._native.media.rate cimport (
    RATE_BUCKET_US, RATE_BUCKETS, RATED, Rate as CRate, rate_add, rate_bps)
from fastsfu._native.media.scalability cimport Scalability

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
    cdef Scalability scalability

    def __init__(self):
        memset(&self.points, 0, sizeof(CPoints))
        memset(&self.scalability, 0, sizeof(Scalability))

    def add(self, int spatial, int temporal, size, now_us, bint alone=False):
        rate_add(&self.scalability.rate[spatial][temporal], size, now_us)
        if alone:
            rate_add(&self.scalability.alone[spatial], size, now_us)

    def add_keyframe(self, size, now_us):
        rate_add(&self.scalability.keyframes, size, now_us)

    def measure(self, bint layered, now_us, bint slow=False):
        self.scalability.layered = layered
        points_measure(&self.points, &self.scalability, slow, now_us)

    def most(self, heights, int most_height, int most_layer):
        for i in range(RATED):
            self.points.height[i] = heights[i] if i < len(heights) else 0
        return points_most(&self.points, most_height, most_layer)

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
