"""See lateness.pxd."""

cdef enum:
    WINDOW_US = 1000000
    FEW = 3                       # repaired in a window, and
    SELDOM = 64                   # one in so many: not allowed for
    LASTS_US = 10000000
    SPARE_US = 20000              # for decoding, and the jitter of the ways
    MOST_US = 200000              # more would be heard in a conversation
    UNIT_US = 10000
    NO_BOUND = 0xFFF              # the larger one


cdef void lateness_on_packet(Lateness* lateness, int64_t late_us, int64_t now_us) noexcept nogil:
    cdef int64_t apart_us = late_us - lateness.late_us
    if now_us - lateness.since_us >= WINDOW_US:
        if lateness.repaired >= FEW and lateness.repaired * SELDOM >= lateness.packets:
            lateness.until_us = now_us + LASTS_US
        lateness.since_us = now_us
        lateness.packets = lateness.repaired = 0
    lateness.packets += 1
    if late_us <= 0:
        return
    lateness.repaired += 1
    if lateness.late_us == 0:
        lateness.late_us = late_us
    else:
        lateness.late_us += apart_us // 4 if apart_us > 0 else apart_us // 16


cdef bint lateness_write(const Lateness* lateness, uint8_t* out, int64_t now_us) noexcept nogil:
    cdef int64_t least = 0
    if lateness.until_us == 0:
        return False
    if now_us < lateness.until_us:
        least = min(lateness.late_us + SPARE_US, <int64_t>MOST_US) // UNIT_US
    out[0] = <uint8_t>(least >> 4)
    out[1] = <uint8_t>(least << 4 | NO_BOUND >> 8)
    out[2] = NO_BOUND & 0xFF
    return True
