"""See videos.pxd."""

from libc.stdint cimport int32_t, int64_t

from fastsfu._native.bwe.allocate cimport ALLOCATE_NONE, Want, allocate_up


cdef void videos_admit(Videos* videos, int64_t bps) noexcept nogil:
    cdef int i
    for i in range(videos.count):
        if videos.wants[i].step == ALLOCATE_NONE and videos.wants[i].count:
            admit(videos, i, bps)


cdef void admit(Videos* videos, int i, int64_t bps) noexcept nogil:
    cdef int64_t cost = cost_of(&videos.of[i], 0)
    cdef int32_t priority = videos.wants[i].priority
    cdef int32_t dearest
    if videos.needed_bps + allocate_up(cost) - spare(videos, priority) > bps:
        return
    while videos.needed_bps + allocate_up(cost) > bps:
        dearest = find_dearest(videos, priority)
        videos.needed_bps -= last_step(videos, dearest)
        videos.wants[dearest].step -= 1
    videos.wants[i].step = 0
    videos.needed_bps += cost


cdef int64_t spare(const Videos* videos, int32_t priority) noexcept nogil:
    """What those up to this priority have above their lowest steps."""
    cdef int64_t bps = 0
    cdef const Want* want
    cdef int i
    for i in range(videos.count):
        want = &videos.wants[i]
        if want.step > 0 and want.priority <= priority:
            bps += cost_of(&videos.of[i], want.step) - cost_of(&videos.of[i], 0)
    return bps


cdef int32_t find_dearest(const Videos* videos, int32_t priority) noexcept nogil:
    """Among them the one that costs most, whose step takes something: there is one."""
    cdef int32_t found = -1
    cdef int i
    for i in range(videos.count):
        if videos.wants[i].step <= 0 or videos.wants[i].priority > priority:
            continue
        if found < 0 or cost_of(&videos.of[i], videos.wants[i].step) > cost_of(
                &videos.of[found], videos.wants[found].step):
            found = i
    return found


cdef inline int64_t last_step(const Videos* videos, int32_t i) noexcept nogil:
    cdef const Want* want = &videos.wants[i]
    return cost_of(&videos.of[i], want.step) - cost_of(&videos.of[i], want.step - 1)
