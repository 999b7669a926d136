"""See trend.pxd."""

from libc.math cimport fabs
from libc.string cimport memset

cdef enum:
    MOST_DELTAS = 60

cdef double SMOOTHING = 0.9
cdef double GAIN = 4
cdef double THRESHOLD_MS = 12.5
cdef double THRESHOLD_LEAST_MS = 6
cdef double THRESHOLD_MOST_MS = 600
cdef double BEYOND_MS = 15            # so far above the threshold it is no noise to adapt to
cdef double UP = 0.0087
cdef double DOWN = 0.039
cdef double LONGEST_STEP_MS = 100
cdef double OVERUSE_MS = 10


cdef void trend_init(Trend* trend) noexcept nogil:
    memset(trend, 0, sizeof(Trend))
    trend.threshold_ms = THRESHOLD_MS
    trend.over_ms = -1
    trend.adapted_ms = -1


cdef Usage trend_on_delta(
        Trend* trend, const GroupDelta* delta, int64_t arrival_us) noexcept nogil:
    cdef double sent_ms = delta.sent_us / 1000.0
    cdef double arrival_ms = arrival_us / 1000.0
    if trend.deltas == 0:
        trend.origin_ms = arrival_ms
    trend.deltas = min(trend.deltas + 1, MOST_DELTAS)
    trend.accumulated_ms += (delta.arrival_us - delta.sent_us) / 1000.0
    trend.smoothed_ms = (
        SMOOTHING * trend.smoothed_ms + (1 - SMOOTHING) * trend.accumulated_ms)
    trend.arrival_ms[trend.place] = arrival_ms - trend.origin_ms
    trend.delay_ms[trend.place] = trend.smoothed_ms
    trend.place = (trend.place + 1) % TREND_WINDOW
    trend.count = min(trend.count + 1, TREND_WINDOW)
    judge(trend, slope(trend), sent_ms, arrival_ms - trend.origin_ms)
    return trend.usage


cdef double slope(const Trend* trend) noexcept nogil:
    """Of the delay over the arrival time; the one before until the window is full."""
    cdef double mean_x = 0, mean_y = 0, above = 0, below = 0, x
    cdef int i
    if trend.count < TREND_WINDOW:
        return trend.slope
    for i in range(TREND_WINDOW):
        mean_x += trend.arrival_ms[i]
        mean_y += trend.delay_ms[i]
    mean_x /= TREND_WINDOW
    mean_y /= TREND_WINDOW
    for i in range(TREND_WINDOW):
        x = trend.arrival_ms[i] - mean_x
        above += x * (trend.delay_ms[i] - mean_y)
        below += x * x
    return above / below if below > 0 else trend.slope


cdef void judge(Trend* trend, double now_slope, double sent_ms, double now_ms) noexcept nogil:
    cdef double modified = trend.deltas * now_slope * GAIN
    if trend.deltas < 2:
        return
    if modified > trend.threshold_ms:
        trend.over_ms = sent_ms / 2 if trend.over_ms < 0 else trend.over_ms + sent_ms
        trend.over_groups += 1
        if (trend.over_ms > OVERUSE_MS and trend.over_groups > 1
                and now_slope >= trend.slope):
            trend.over_ms = 0
            trend.over_groups = 0
            trend.usage = USAGE_OVERUSE
    else:
        trend.over_ms = -1
        trend.over_groups = 0
        trend.usage = USAGE_UNDERUSE if modified < -trend.threshold_ms else USAGE_NORMAL
    trend.slope = now_slope
    adapt(trend, fabs(modified), now_ms)


cdef void adapt(Trend* trend, double size_ms, double now_ms) noexcept nogil:
    cdef double k, step_ms
    if trend.adapted_ms < 0:
        trend.adapted_ms = now_ms
    step_ms = min(now_ms - trend.adapted_ms, LONGEST_STEP_MS)
    trend.adapted_ms = now_ms
    if size_ms > trend.threshold_ms + BEYOND_MS or step_ms <= 0:
        return
    k = DOWN if size_ms < trend.threshold_ms else UP
    trend.threshold_ms += k * (size_ms - trend.threshold_ms) * step_ms
    trend.threshold_ms = max(
        THRESHOLD_LEAST_MS, min(THRESHOLD_MOST_MS, trend.threshold_ms))
