"""Does the queue on the way grow? The slope of the delays of the last groups, by least squares,
against a threshold that follows it (libwebrtc's TrendlineEstimator; draft-ietf-rmcat-gcc-02
sections 5.3 and 5.4).

    smoothed <- 0.9 smoothed + 0.1 (sum of (arrival delta - send delta))
    m = min(groups, 60) x slope(smoothed over arrival, 20 groups) x 4        milliseconds
    OVERUSE   m > threshold for more than 10 ms of sending, in two groups, not falling
    UNDERUSE  m < -threshold: the queue drains
    threshold += k (|m| - threshold) min(dt, 100 ms), within 6 to 600; k = 0.0087 up, 0.039 down
"""

from libc.stdint cimport int64_t

from fastsfu._native.bwe.groups cimport GroupDelta

cdef enum:
    TREND_WINDOW = 20         # groups

cdef enum Usage:
    USAGE_NORMAL = 0
    USAGE_OVERUSE
    USAGE_UNDERUSE

cdef struct Trend:
    double accumulated_ms     # delay since the first group
    double smoothed_ms
    double arrival_ms[TREND_WINDOW]   # ring, of the last groups
    double delay_ms[TREND_WINDOW]     # smoothed
    int count                 # of those in the ring
    int place                 # where the next one goes
    int deltas                # seen in all
    double slope              # of the time before
    double threshold_ms
    double over_ms            # for how much sending it has been above; -1 = it is not
    int over_groups
    double adapted_ms         # arrival time of the last change of the threshold; -1 = none yet
    double origin_ms          # of the arrival times
    Usage usage

cdef void trend_init(Trend* trend) noexcept nogil
# arrival_us: of the later group's last packet, by the receiver's clock.
cdef Usage trend_on_delta(
    Trend* trend, const GroupDelta* delta, int64_t arrival_us) noexcept nogil
