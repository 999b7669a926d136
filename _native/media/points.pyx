"""See points.pxd."""

from libc.stdint cimport uint32_t
from libc.string cimport memcmp

from fastsfu._native.media.rate cimport rate_bps
from fastsfu._native.packet.layers cimport TOP_LAYER

cdef enum:
    SMOOTHING = 16                # over some two seconds: a keyframe changes little,
    SLOW_SMOOTHING = 64           # but of a slow encoding, of which any picture is a large part:
    KEYFRAME_SMOOTHING = 128      # those over six, and keyframes over thirteen


cdef void points_measure(
        Points* points, Scalability* scalability, bint slow, int64_t now_us) noexcept nogil:
    cdef uint32_t bps[RATED][RATED]
    cdef uint32_t alone[RATED]
    cdef Points seen
    cdef int64_t whole, keyframes = rate_bps(&scalability.keyframes, now_us)
    cdef int i
    if scalability.layered:
        whole = measure(scalability, bps, alone, now_us)
    else:
        whole = rate_bps(&scalability.rate[0][0], now_us)
    average(points, whole, keyframes, slow)
    points.apart = scalability.apart
    for i in range(RATED):
        points.height[i] = height_of(scalability, i)
    if scalability.layered and whole:         # one that rests will come back as it was
        cut(&seen, bps, alone, whole)
        merge(points, &seen)


cdef inline void average(
        Points* points, int64_t whole, int64_t keyframes, bint slow) noexcept nogil:
    points.looks = min(points.looks + 1, SLOW_SMOOTHING if points.bps else 1)
    if slow:
        points.delta_bps += (whole - points.delta_bps) // points.looks
        points.keyframe_bps += (keyframes - points.keyframe_bps) // KEYFRAME_SMOOTHING
        points.bps = points.delta_bps + points.keyframe_bps
    else:
        points.bps += (whole + keyframes - points.bps) // (SMOOTHING if points.bps else 1)
        points.delta_bps = points.bps
        points.keyframe_bps = 0


cdef inline uint16_t height_of(const Scalability* scalability, int spatial) noexcept nogil:
    return (
        0 if scalability.templates == NULL or spatial >= scalability.templates.spatial_count
        else scalability.templates.height[spatial])


cdef bint points_differ(const Points* points, const Points* others) noexcept nogil:
    return points.apart != others.apart or memcmp(
        points.height, others.height, sizeof(points.height)) != 0


cdef int64_t measure(
        Scalability* scalability, uint32_t (*bps)[RATED], uint32_t* alone,
        int64_t now_us) noexcept nogil:
    """What each layer takes; returns what who gets the highest one gets."""
    cdef int64_t whole = 0
    cdef int s, t
    for s in range(RATED):
        alone[s] = rate_bps(&scalability.alone[s], now_us)
        whole -= alone[s]
        for t in range(RATED):
            bps[s][t] = rate_bps(&scalability.rate[s][t], now_us)
            whole += bps[s][t]
    return whole


cdef uint8_t points_most(
        const Points* points, uint16_t most_height, uint8_t most_layer) noexcept nogil:
    cdef uint8_t spatial = 0
    # Of one whose height is not known nobody can say that it is too large.
    while spatial < RATED - 1 and points.height[spatial + 1]:
        if spatial >= most_layer or (
                most_height and points.height[spatial + 1] > most_height):
            return spatial
        spatial += 1
    return TOP_LAYER


cdef void cut(
        Points* points, uint32_t (*bps)[RATED], const uint32_t* alone,
        int64_t whole) noexcept nogil:
    """The points of an encoding with these layers."""
    cdef int spatial = 0, temporal = 0      # the highest that come
    cdef int64_t below = 0
    cdef int s, t
    for s in range(RATED):
        for t in range(RATED):
            if bps[s][t]:
                spatial = max(spatial, s)
                temporal = max(temporal, t)
    points.count = 0
    for t in range(temporal):
        below += bps[0][t]
        put(points, 0 if spatial else TOP_LAYER, <uint8_t>t, below, whole)
    below += bps[0][temporal]
    for s in range(spatial):
        put(points, <uint8_t>s, TOP_LAYER, below, whole)
        below -= alone[s]
        for t in range(RATED):
            below += bps[s + 1][t]
    put(points, TOP_LAYER, TOP_LAYER, whole, whole)


cdef inline void put(
        Points* points, uint8_t spatial, uint8_t temporal, int64_t bps,
        int64_t whole) noexcept nogil:
    points.of[points.count].spatial = spatial
    points.of[points.count].temporal = temporal
    points.of[points.count].share = <int32_t>(bps * WHOLE // whole)
    points.count += 1


cdef void merge(Points* points, const Points* seen) noexcept nogil:
    """Smooth the shares; other layers than before begin with what they have."""
    cdef bint same = points.count == seen.count
    cdef Point* point
    cdef int i
    for i in range(seen.count):
        point = &points.of[i]
        if (not same or point.spatial != seen.of[i].spatial
                or point.temporal != seen.of[i].temporal):
            point[0] = seen.of[i]
        else:
            point.share += (seen.of[i].share - point.share) // SMOOTHING
    points.count = seen.count
