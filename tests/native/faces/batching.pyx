"""Python face of worker/batching, for its tests."""

from fastsfu._native.worker.batching cimport (
    BATCHING_BUSY, BATCHING_IDLE, BATCHING_WINDOW_US, Batching as CBatching, batching_init,
    batching_on_turn)

WINDOW_US, IDLE, BUSY = BATCHING_WINDOW_US, BATCHING_IDLE, BATCHING_BUSY


cdef class Batching:
    cdef CBatching batching

    def __init__(self, most_us, now_us):
        batching_init(&self.batching, most_us, now_us)

    def on_turn(self, busy_us, now_us):
        batching_on_turn(&self.batching, busy_us, now_us)

    @property
    def apart_us(self):
        return self.batching.apart_us
