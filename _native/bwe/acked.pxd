"""The acknowledged bit rate: what arrives, whatever was sent (libwebrtc's BitrateEstimator).

A sample is a window of 150 ms by the receiver's clock (the first, 500 ms). It counts the less, the
further it lies from the estimate:

    u = 10 |estimate - sample| / estimate;  v' = v + 5
    estimate <- (u^2 estimate + v' sample) / (u^2 + v');  v <- u^2 v' / (u^2 + v')

That is slow to believe in a link that has become four times narrower; for this there is the plain
mean of the last two windows.
"""

from libc.stdint cimport int64_t, uint32_t

cdef struct Acked:
    double bps                # 0 = not known yet
    double variance
    double recent_bps         # of the last two windows, plain; 0 = not known yet
    double sample_bps         # of the last one
    int64_t window_us         # how much of the current window has passed
    int64_t last_us           # arrival of the packet before; -1 = none
    int64_t bytes             # in the current window

cdef void acked_init(Acked* acked) noexcept nogil
# From now on the rate may be quite another one: its sender has begun to use what it may.
cdef void acked_expect(Acked* acked) noexcept nogil
# What is known otherwise; a window begins.
cdef void acked_set(Acked* acked, double bps) noexcept nogil
# arrival_us: by the receiver's clock.
cdef void acked_on_packet(Acked* acked, int64_t arrival_us, uint32_t size) noexcept nogil
