"""Turns further apart as load rises; see batching.pxd."""


cdef void batching_init(Batching* batching, int64_t most_us, int64_t now_us) noexcept nogil:
    batching.most_us = most_us
    batching.began_us = now_us
    batching.busy_us = 0
    batching.apart_us = 0


cdef void batching_on_turn(Batching* batching, int64_t busy_us, int64_t now_us) noexcept nogil:
    cdef int64_t elapsed_us = now_us - batching.began_us
    cdef int64_t above
    batching.busy_us += busy_us
    if elapsed_us < BATCHING_WINDOW_US:
        return
    above = batching.busy_us * 100 // elapsed_us - BATCHING_IDLE
    above = max(<int64_t>0, min(above, <int64_t>(BATCHING_BUSY - BATCHING_IDLE)))
    batching.apart_us = batching.most_us * above // (BATCHING_BUSY - BATCHING_IDLE)
    batching.began_us = now_us
    batching.busy_us = 0
