"""Python face of media/repeats, for its tests."""

from libc.stdlib cimport free

from fastsfu._native.base.bucket cimport Bucket
from fastsfu._native.media.repeats cimport Repeats as CRepeats, repeats_allow, repeats_new


cdef class Repeats:
    cdef CRepeats* repeats
    cdef Bucket own
    cdef Bucket* budget
    cdef Repeats receiver

    def __cinit__(self, now_us=0, Repeats receiver=None):
        """`receiver`: who gets those too."""
        self.repeats = repeats_new()
        self.own = Bucket(0, now_us - 1_000_000)
        self.budget = &self.own if receiver is None else receiver.budget
        self.receiver = receiver

    def __dealloc__(self):
        free(self.repeats)

    def allow(self, seq, now_us, *, size=1000, rtt_us=50_000, estimate_bps=0):
        return bool(repeats_allow(
            self.repeats, self.budget, seq, size, rtt_us, estimate_bps, now_us))
