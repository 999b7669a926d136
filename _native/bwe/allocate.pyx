"""See allocate.pxd."""

cdef int64_t allocate(int64_t bps, Want* wants, int count) noexcept nogil:
    cdef int64_t left = bps
    cdef int32_t priority
    cdef int i
    for i in range(count):
        wants[i].step = ALLOCATE_NONE
    priority = highest(wants, count, NULL)
    while priority >= 0:
        raise_all(wants, count, priority, &left)
        priority = highest(wants, count, &priority)
    priority = highest(wants, count, NULL)
    while priority >= 0:
        while raise_all(wants, count, priority, &left):
            pass
        priority = highest(wants, count, &priority)
    return left


cdef int64_t allocate_wanted(const Want* wants, int count) noexcept nogil:
    cdef int64_t bps = 0
    cdef int i
    for i in range(count):
        if wants[i].count:
            bps += wants[i].steps[top(&wants[i])].bps
    return bps


cdef int32_t highest(const Want* wants, int count, const int32_t* below) noexcept nogil:
    """The highest priority (below this one); -1: none."""
    cdef int32_t found = -1
    cdef int i
    for i in range(count):
        if below == NULL or wants[i].priority < below[0]:
            found = max(found, wants[i].priority)
    return found


cdef bint raise_all(
        Want* wants, int count, int32_t priority, int64_t* left) noexcept nogil:
    """One step higher for each of this priority that it fits for; False: for none."""
    cdef bint raised = False
    cdef int i
    for i in range(count):
        if wants[i].priority == priority and raise_one(&wants[i], left):
            raised = True
    return raised


cdef bint raise_one(Want* want, int64_t* left) noexcept nogil:
    cdef int64_t more
    if want.count == 0 or want.step >= top(want):
        return False
    more = cost(want, want.step + 1) - cost(want, want.step)
    if more > left[0]:
        return False
    left[0] -= more
    want.step += 1
    return True


cdef inline int64_t cost(const Want* want, int32_t step) noexcept nogil:
    if step < 0:
        return 0
    if step > want.now:
        return want.steps[step].up_bps
    return want.steps[step].bps


cdef inline int32_t top(const Want* want) noexcept nogil:
    """The highest step of use: the lowest one that is as high as what is asked for."""
    cdef int32_t step = 0
    while step + 1 < want.count and (
            want.most == 0 or want.steps[step].height < want.most):
        step += 1
    return step
