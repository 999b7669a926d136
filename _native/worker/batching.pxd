"""How long a busy worker lets datagrams gather from the begin of one turn to that of the next.

To wake for each datagram costs more than most of them do. While the core is idle for most of the
time nothing waits; as load rises a turn begins up to `most_us` after the one before it, and takes
what has come meanwhile in whole batches.
"""

from libc.stdint cimport int64_t

cdef enum:
    BATCHING_WINDOW_US = 100000   # over which load is taken
    BATCHING_IDLE = 10            # per cent of the window: up to then nothing waits
    BATCHING_BUSY = 20            # from then on it is all of most_us

cdef struct Batching:
    int64_t most_us               # 0 = nothing ever waits
    int64_t began_us              # the window
    int64_t busy_us               # in it, until now
    int64_t apart_us              # from the begin of a turn to that of the next

cdef void batching_init(Batching* batching, int64_t most_us, int64_t now_us) noexcept nogil
# A turn that took `busy_us` has ended.
cdef void batching_on_turn(Batching* batching, int64_t busy_us, int64_t now_us) noexcept nogil
