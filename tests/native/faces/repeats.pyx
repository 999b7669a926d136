"""Python face of media/repeats, for its tests."""

from libc.stdlib cimport free

from fastsfu._native.base.bucket cimport Bucket
from fastsfu._native.media.repeats cimport (
    Repeats as CRepeats, repeats_allow, repeats_new, repeats_owe, repeats_settle, repeats_vain,
)


cdef class Repeats:
    cdef CRepeats* repeats
    cdef Bucket budget

    def __cinit__(self, now_us=0):
        self.repeats = repeats_new()
        self.budget = Bucket(0, now_us - 1_000_000)

    def __dealloc__(self):
        free(self.repeats)

    def allow(self, seq, now_us, *, size=1000, rtt_us=50_000, estimate_bps=0):
        return bool(repeats_allow(
            self.repeats, &self.budget, seq, size, rtt_us, estimate_bps, now_us))

    def vain(self, seq):
        return bool(repeats_vain(self.repeats, seq))

    def owe(self, seq):
        return repeats_owe(self.repeats, seq) != NULL

    def settle(self, place):
        repeats_settle(self.repeats, place)

    def owed(self):
        return [self.repeats.owed[i].seq for i in range(self.repeats.owed_count)]
