"""The delay-based bound: up while the queue does not grow, down to a share of what arrives when it
does (libwebrtc's AimdRateControl; draft-ietf-rmcat-gcc-02 section 5.5).

    up     x 1.08 a second; near the rate at which the link was full before, about half a packet
           for each round-trip time and 100 ms; never above 1.5 x acknowledged + 10 kbit/s
    down   to 0.85 x acknowledged, of the last two windows where that is less than 0.7 of it, or
           more; not before that is known

A sender that does not use what it may, or rests what could (estimator: resting), learns nothing of
the link: then the bound stays where it is, and one overuse takes at most three tenths of it.
"""

from libc.stdint cimport int64_t

from fastsfu._native.bwe.acked cimport Acked
from fastsfu._native.bwe.trend cimport Usage

cdef struct Aimd:
    double bps
    double link_kbps          # mean of what arrived when the link was full; 0 = not known
    double link_variance      # of it, divided by it
    bint holds                # the queue drains
    int64_t raised_us         # when it was last looked at for going up
    int64_t reduced_us        # when it last went down; -AIMD_NEVER_US at first

cdef enum:
    AIMD_NEVER_US = 1000000000

cdef void aimd_init(Aimd* aimd, double bps, int64_t now_us) noexcept nogil
# The link is full from the beginning, and lets so much through.
cdef void aimd_begin(Aimd* aimd, double link_bps, int64_t now_us) noexcept nogil
# limited: less is sent than may be.
cdef void aimd_update(
    Aimd* aimd, Usage usage, const Acked* acked, int64_t rtt_us, bint limited,
    int64_t now_us) noexcept nogil
# A probe has shown that so much goes through.
cdef void aimd_set(Aimd* aimd, double bps, int64_t now_us) noexcept nogil
