"""See acked.pxd."""

from libc.math cimport fabs

cdef enum:
    FIRST_WINDOW_US = 500000
    WINDOW_US = 150000

cdef double FIRST_VARIANCE = 50
cdef double OPEN_VARIANCE = 200           # libwebrtc's, after a phase limited by the application
cdef double VARIANCE_GROWS = 5
cdef double UNCERTAINTY = 10


cdef void acked_init(Acked* acked) noexcept nogil:
    acked.bps = 0
    acked.variance = FIRST_VARIANCE
    acked.recent_bps = acked.sample_bps = 0
    acked.window_us = 0
    acked.last_us = -1
    acked.bytes = 0


cdef void acked_expect(Acked* acked) noexcept nogil:
    acked.variance = OPEN_VARIANCE


cdef void acked_set(Acked* acked, double bps) noexcept nogil:
    acked.bps = acked.recent_bps = acked.sample_bps = bps
    acked.variance = FIRST_VARIANCE
    acked.window_us = acked.bytes = 0


cdef void acked_on_packet(Acked* acked, int64_t arrival_us, uint32_t size) noexcept nogil:
    cdef int64_t whole_us = WINDOW_US if acked.bps > 0 else FIRST_WINDOW_US
    cdef int64_t passed_us = max(arrival_us - acked.last_us, <int64_t>0)
    if acked.last_us >= 0:
        acked.window_us += passed_us
        if passed_us > whole_us:      # a pause: the window begins anew
            acked.bytes = 0
            acked.window_us %= whole_us
    acked.last_us = max(acked.last_us, arrival_us)
    if acked.window_us >= whole_us:
        take(acked, 8e6 * acked.bytes / whole_us)
        acked.window_us -= whole_us
        acked.bytes = 0
    acked.bytes += size


cdef void take(Acked* acked, double sample_bps) noexcept nogil:
    cdef double doubt, variance
    if acked.bps <= 0:
        acked.bps = acked.recent_bps = acked.sample_bps = sample_bps
        return
    acked.recent_bps = (acked.sample_bps + sample_bps) / 2
    acked.sample_bps = sample_bps
    doubt = UNCERTAINTY * fabs(acked.bps - sample_bps) / acked.bps
    doubt *= doubt
    variance = acked.variance + VARIANCE_GROWS
    acked.bps = (doubt * acked.bps + variance * sample_bps) / (doubt + variance)
    acked.variance = doubt * variance / (doubt + variance)
