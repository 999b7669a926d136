"""Where a stream leaves for its replica on another worker."""

from libc.stdint cimport int64_t, uint64_t

cdef struct Tap:
    void* link                    # forwarding/state Link
    uint64_t replica              # its handle there
    bint wanted                   # somebody sits there
    int64_t demand_bps            # what is wanted there (worker/demand)
    bint broken                   # a frame did not fit: nothing until the next keyframe
