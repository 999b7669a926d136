"""Python face of worker/precedence, for its tests."""

from fastsfu._native.worker.precedence cimport (
    PRECEDENCE_LEAST, PRECEDENCE_MOST, PRECEDENCE_WINDOW_US, Precedence as CPrecedence,
    precedence_init, precedence_on_turn, precedence_settle)

WINDOW_US, LEAST, MOST = PRECEDENCE_WINDOW_US, PRECEDENCE_LEAST, PRECEDENCE_MOST


cdef class Precedence:
    cdef CPrecedence precedence

    def __init__(self, cpu_us, now_us):
        precedence_init(&self.precedence, cpu_us, now_us)

    def on_turn(self, busy_us, now_us):
        return bool(precedence_on_turn(&self.precedence, busy_us, now_us))

    def settle(self, cpu_us, now_us):
        return bool(precedence_settle(&self.precedence, cpu_us, now_us))

    @property
    def goes_first(self):
        return bool(self.precedence.goes_first)
