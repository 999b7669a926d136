"""See lateness.pxd."""

from fastsfu._native.media.loss cimport loss_usual_us

cdef enum:
    PACKETS = 512                 # that the share is of: a few seconds of a picture
    LASTS_US = 10000000
    SPARE_US = 20000              # for decoding, and the jitter of the ways
    MOST_US = 200000              # more would be heard in a conversation
    UNIT_US = 10000
    NO_BOUND = 0xFFF              # the larger one

cdef double SELDOM = 0.025        # a share that is not allowed for: one in 40


cdef void lateness_on_packet(Lateness* lateness, int64_t late_us, int64_t now_us) noexcept nogil:
    lateness.share += ((late_us > 0) - lateness.share) / PACKETS
    if late_us > 0:
        lateness.late_us = loss_usual_us(lateness.late_us, late_us)
        if lateness.share > SELDOM:
            lateness.until_us = now_us + LASTS_US


cdef bint lateness_write(const Lateness* lateness, uint8_t* out, int64_t now_us) noexcept nogil:
    cdef int64_t least = 0
    if lateness.said or lateness.until_us == 0:
        return False
    if now_us < lateness.until_us:
        least = min(lateness.late_us + SPARE_US, <int64_t>MOST_US) // UNIT_US
    out[0] = <uint8_t>(least >> 4)
    out[1] = <uint8_t>(least << 4 | NO_BOUND >> 8)
    out[2] = NO_BOUND & 0xFF
    return True
