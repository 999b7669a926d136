"""First on its core, or one of many there; see precedence.pxd."""


cdef void precedence_init(Precedence* precedence, int64_t cpu_us, int64_t now_us) noexcept nogil:
    precedence.goes_first = False
    begin(precedence, cpu_us, now_us)


cdef bint precedence_on_turn(
        Precedence* precedence, int64_t busy_us, int64_t now_us) noexcept nogil:
    precedence.busy_us += busy_us
    if precedence.goes_first and precedence.busy_us * 100 >= PRECEDENCE_WINDOW_US * PRECEDENCE_MOST:
        return True
    return now_us - precedence.began_us >= PRECEDENCE_WINDOW_US


cdef bint precedence_settle(
        Precedence* precedence, int64_t cpu_us, int64_t now_us) noexcept nogil:
    cdef int64_t whole_us = max(<int64_t>PRECEDENCE_WINDOW_US, now_us - precedence.began_us)
    cdef int64_t share = (cpu_us - precedence.cpu_us) * 100 // whole_us
    cdef bint went_first = precedence.goes_first
    precedence.goes_first = share < (PRECEDENCE_MOST if went_first else PRECEDENCE_LEAST)
    begin(precedence, cpu_us, now_us)
    return precedence.goes_first != went_first


cdef inline void begin(Precedence* precedence, int64_t cpu_us, int64_t now_us) noexcept nogil:
    precedence.began_us = now_us
    precedence.busy_us = 0
    precedence.cpu_us = cpu_us
