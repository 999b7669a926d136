"""Python face of net/outbox's Pace, for its tests."""

from fastsfu._native.net.outbox cimport Pace as CPace, outbox_more


cdef class Pace:
    cdef CPace pace

    def more(self, size, now_us):
        return outbox_more(&self.pace, size, now_us)
