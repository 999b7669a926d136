"""Who gets how much of an estimate: a pure choice of a step for each want (Jitsi's
BandwidthAllocator, as one loop).

    1  the lowest step of everything that is wanted, by priority
    2  then, of the highest priority first: everybody of it one step higher, as long as one fits

A step above the one that a want has now needs more than its bits (`allocate_up`), the present one
and those below only their bits: so nothing swings at the edge. What does not fit is passed over,
and whoever comes after it may still fit.
"""

from libc.stdint cimport int32_t, int64_t

cdef enum:
    ALLOCATE_NONE = -1            # suspended
    ALLOCATE_UP_PERCENT = 15      # more than a step costs has to fit for it to be taken,
    ALLOCATE_UP_MOST_BPS = 75000  # or so much: of much the share that varies is smaller

cdef struct Step:
    int64_t bps
    int64_t up_bps                # >= bps: what has to fit for who has less now; ascending
    int32_t height                # pixels; 0 = not known

cdef struct Want:
    const Step* steps             # ascending bps
    int32_t count                 # of steps
    int32_t most                  # highest pixel height that is of use; 0 = any
    int32_t priority              # from 0; higher first; among equals, the order given
    int32_t now                   # the step that it has, or ALLOCATE_NONE
    int32_t step                  # the result, likewise

# Sets `step` of each; returns the bits a second that are left. count <= any.
cdef int64_t allocate(int64_t bps, Want* wants, int count) noexcept nogil
# Bits a second that would give everybody the highest step of use.
cdef int64_t allocate_wanted(const Want* wants, int count) noexcept nogil


cdef inline int64_t allocate_up(int64_t bps) noexcept nogil:
    """What has to fit for a step of so many bits to be taken."""
    return bps + min(bps * ALLOCATE_UP_PERCENT // 100, <int64_t>ALLOCATE_UP_MOST_BPS)
