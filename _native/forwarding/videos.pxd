"""One receiver's videos, with what each could show and what that costs, while bits are shared among
them (forwarding/allocation).
"""

from libc.stdint cimport int32_t, int64_t

from fastsfu._native.bwe.allocate cimport Step, Want
from fastsfu._native.media.layering cimport OperatingPoint
from fastsfu._native.media.stream cimport OutboundStream

cdef enum:
    MOST_VIDEOS = 64              # of one receiver that are chosen among; further ones flow
    MOST_STEPS = 10               # of one video: encodings, and layers of the smallest of them

cdef struct Video:
    OutboundStream* receiver
    int64_t costs[MOST_STEPS]             # of its steps, bits a second
    OperatingPoint points[MOST_STEPS]     # and what they show
    Step steps[MOST_STEPS]                # the same as `allocate` is to see them

cdef struct Videos:               # of one receiver
    Video of[MOST_VIDEOS]
    Want wants[MOST_VIDEOS]
    int count
    int64_t needed_bps            # by what flows, sound too
    int64_t most_bps              # that have to fit for all to have what it wishes

# Once steps are chosen: who would be suspended beside others that have more than their lowest step
# gets its lowest one where `bps`, which is for `needed_bps`, has room for it; of the others that go
# no further in priority, the dearest ones give way.
cdef void videos_admit(Videos* videos, int64_t bps) noexcept nogil


cdef inline int64_t cost_of(const Video* video, int32_t step) noexcept nogil:
    return 0 if step < 0 else video.costs[step]
