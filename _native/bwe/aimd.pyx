"""See aimd.pxd."""

from libc.math cimport ceil, pow, sqrt

from fastsfu._native.bwe.trend cimport USAGE_NORMAL, USAGE_OVERUSE

cdef double DECREASE = 0.85
cdef double BEGIN = 0.95                  # of a link that is full: what filled it ends at once
cdef double FALLEN = 0.7                  # the last two windows against the estimate: a new link
cdef double LIMITED_DECREASE = 0.7
cdef double INCREASE_A_SECOND = 1.08
cdef double MOST_OF_ACKED = 1.5
cdef double BEYOND_ACKED_BPS = 10000
cdef double LEAST_INCREASE_BPS = 4000     # a second, near the link's rate
cdef double FRAMES_A_SECOND = 30
cdef double PACKET_BITS = 9600            # of a full one
cdef double LINK_SMOOTHING = 0.05
cdef double VARIANCE_LEAST = 0.4
cdef double VARIANCE_MOST = 2.5
cdef double DEVIATIONS = 3

cdef enum:
    RESPONSE_US = 100000      # besides a round-trip time, until a change shows
    LONGEST_STEP_US = 1000000
    AGAIN_LEAST_US = 10000    # between two reductions: a round-trip time within these
    AGAIN_MOST_US = 200000


cdef void aimd_init(Aimd* aimd, double bps, int64_t now_us) noexcept nogil:
    aimd.bps = bps
    aimd.link_kbps = 0
    aimd.link_variance = VARIANCE_LEAST
    aimd.holds = False
    aimd.raised_us = now_us
    aimd.reduced_us = now_us - AIMD_NEVER_US


cdef void aimd_begin(Aimd* aimd, double link_bps, int64_t now_us) noexcept nogil:
    aimd.bps = BEGIN * link_bps
    aimd.raised_us = aimd.reduced_us = now_us
    learn_link(aimd, link_bps / 1000)


cdef void aimd_set(Aimd* aimd, double bps, int64_t now_us) noexcept nogil:
    if bps / 1000 > aimd.link_kbps + link_margin(aimd):
        aimd.link_kbps = 0
    aimd.bps = bps
    aimd.raised_us = now_us


cdef void aimd_update(
        Aimd* aimd, Usage usage, const Acked* acked, int64_t rtt_us, bint limited,
        int64_t now_us) noexcept nogil:
    if usage == USAGE_OVERUSE:
        decrease(aimd, arriving(acked), rtt_us, limited, now_us)
        aimd.holds = True
    elif usage == USAGE_NORMAL:
        if not aimd.holds:
            increase(aimd, acked.bps, rtt_us, limited, now_us)
        aimd.holds = False
    else:
        aimd.holds = True
    aimd.raised_us = now_us


cdef void increase(
        Aimd* aimd, double acked_bps, int64_t rtt_us, bint limited,
        int64_t now_us) noexcept nogil:
    cdef double seconds = min(now_us - aimd.raised_us, <int64_t>LONGEST_STEP_US) / 1e6
    cdef double most = MOST_OF_ACKED * acked_bps + BEYOND_ACKED_BPS
    if acked_bps <= 0 or limited or aimd.bps >= most:
        return
    if aimd.link_kbps > 0 and acked_bps / 1000 > aimd.link_kbps + link_margin(aimd):
        aimd.link_kbps = 0            # the link has become wider
    if aimd.link_kbps > 0:
        aimd.bps += seconds * near_link(aimd.bps, rtt_us)
    else:
        aimd.bps *= pow(INCREASE_A_SECOND, seconds)
    aimd.bps = min(aimd.bps, most)


cdef double near_link(double bps, int64_t rtt_us) noexcept nogil:
    """Bits a second, each second: a packet of the average frame for each response of the link."""
    cdef double frame_bits = bps / FRAMES_A_SECOND
    cdef double packet_bits = frame_bits / ceil(frame_bits / PACKET_BITS)
    return max(LEAST_INCREASE_BPS, packet_bits / ((rtt_us + RESPONSE_US) / 1e6))


cdef inline double arriving(const Acked* acked) noexcept nogil:
    """A fall is believed at once, and so is a rise: the estimate lags behind both."""
    if acked.recent_bps < FALLEN * acked.bps:
        return acked.recent_bps
    return max(acked.bps, acked.recent_bps)


cdef void decrease(
        Aimd* aimd, double acked_bps, int64_t rtt_us, bint limited,
        int64_t now_us) noexcept nogil:
    cdef int64_t again_us = max(
        <int64_t>AGAIN_LEAST_US, min(<int64_t>AGAIN_MOST_US, rtt_us))
    cdef double target = DECREASE * acked_bps
    if acked_bps <= 0 or (
            now_us - aimd.reduced_us < again_us and acked_bps >= aimd.bps / 2):
        return
    if target > aimd.bps and aimd.link_kbps > 0:
        target = DECREASE * 1000 * aimd.link_kbps
    if limited:
        target = max(target, LIMITED_DECREASE * aimd.bps)
    aimd.bps = min(target, aimd.bps)
    aimd.reduced_us = now_us
    if not limited:
        learn_link(aimd, acked_bps / 1000)


cdef void learn_link(Aimd* aimd, double kbps) noexcept nogil:
    cdef double error
    if aimd.link_kbps > 0 and kbps < aimd.link_kbps - link_margin(aimd):
        aimd.link_kbps = 0            # another link than before
    if aimd.link_kbps <= 0:
        aimd.link_kbps = kbps
        aimd.link_variance = VARIANCE_LEAST
        return
    aimd.link_kbps += LINK_SMOOTHING * (kbps - aimd.link_kbps)
    error = aimd.link_kbps - kbps
    aimd.link_variance += LINK_SMOOTHING * (
        error * error / max(aimd.link_kbps, 1.0) - aimd.link_variance)
    aimd.link_variance = max(VARIANCE_LEAST, min(VARIANCE_MOST, aimd.link_variance))


cdef inline double link_margin(const Aimd* aimd) noexcept nogil:
    """kbit/s: beyond three standard deviations it is another link."""
    return DEVIATIONS * sqrt(aimd.link_variance * aimd.link_kbps)
