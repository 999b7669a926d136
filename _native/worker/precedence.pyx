"""First on its core, or one of many there; see precedence.pxd."""


cdef void precedence_init(Precedence* precedence, int64_t cpu_us, int64_t now_us) noexcept nogil:
    precedence.goes_first = False
    precedence.until_us = now_us + PRECEDENCE_WINDOW_US
    begin(precedence, cpu_us, now_us)


cdef void precedence_wakes(Precedence* precedence, int64_t now_us) noexcept nogil:
    precedence.woke_us = now_us


cdef bint precedence_runs(Precedence* precedence, int64_t now_us) noexcept nogil:
    precedence.busy_us += now_us - precedence.woke_us
    precedence.woke_us = now_us
    if not precedence.goes_first:
        return now_us >= precedence.until_us
    return is_used_up(precedence.busy_us) or now_us - precedence.began_us >= PRECEDENCE_WINDOW_US


cdef bint precedence_settle(
        Precedence* precedence, int64_t cpu_us, int64_t now_us) noexcept nogil:
    cdef int64_t taken_us = cpu_us - precedence.cpu_us
    cdef bint went_first = precedence.goes_first
    if went_first and is_used_up(taken_us):
        precedence.goes_first = False
        precedence.until_us = max(
            precedence.began_us + PRECEDENCE_WINDOW_US,
            now_us + taken_us * (100 - PRECEDENCE_MOST) // PRECEDENCE_MOST)
    elif went_first and now_us - precedence.began_us < PRECEDENCE_WINDOW_US:
        precedence.busy_us = taken_us     # the rest was waiting, for who goes first as well
        return False
    else:
        precedence.goes_first = True
    begin(precedence, cpu_us, now_us)
    return precedence.goes_first != went_first


cdef inline bint is_used_up(int64_t us) noexcept nogil:
    return us * 100 >= PRECEDENCE_WINDOW_US * PRECEDENCE_MOST


cdef inline void begin(Precedence* precedence, int64_t cpu_us, int64_t now_us) noexcept nogil:
    precedence.began_us = precedence.woke_us = now_us
    precedence.busy_us = 0
    precedence.cpu_us = cpu_us
