"""Python face of worker/precedence, for its tests."""

from fastsfu._native.worker.precedence cimport (
    PRECEDENCE_MOST, PRECEDENCE_WINDOW_US, Precedence as CPrecedence,
    precedence_init, precedence_runs, precedence_settle, precedence_wakes)

WINDOW_US, MOST = PRECEDENCE_WINDOW_US, PRECEDENCE_MOST


cdef class Precedence:
    cdef CPrecedence precedence

    def __init__(self, cpu_us, now_us):
        precedence_init(&self.precedence, cpu_us, now_us)

    def wakes(self, now_us):
        precedence_wakes(&self.precedence, now_us)

    def runs(self, now_us):
        return bool(precedence_runs(&self.precedence, now_us))

    def settle(self, cpu_us, now_us):
        return bool(precedence_settle(&self.precedence, cpu_us, now_us))

    @property
    def goes_first(self):
        return bool(self.precedence.goes_first)
