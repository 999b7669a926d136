"""See loss_limit.pxd."""

from libc.math cimport log
from libc.string cimport memset

cdef enum:
    CANDIDATES = 5
    LEAST_OBSERVATIONS = 4
    NEWTON_STEPS = 3

cdef double UP = 1.02
cdef double DOWN = 0.95
cdef double WEIGHT = 0.9              # of an observation against the next newer one
cdef double NEWTON_STEP = 0.75
cdef double FIRST_INHERENT = 0.01
cdef double INHERENT_LEAST = 0.001
cdef double INHERENT_MOST = 0.05      # besides what a narrow link may lose:
cdef double BALANCE_BPS = 75000
cdef double PREFER_WIDE = 0.0002      # for each kbit/s and packet
cdef double PREFER_WIDE_LOG = 0.02
cdef double HEAVY_LOSS = 0.2          # from here on nothing wider is preferred
cdef double BOUND_LOSS = 0.1          # from here on the loss itself bounds the rate


cdef void loss_limit_init(LossLimit* limit) noexcept nogil:
    memset(limit, 0, sizeof(LossLimit))
    limit.began_us = -1
    limit.inherent = FIRST_INHERENT


cdef void loss_limit_begin(LossLimit* limit, int64_t now_us) noexcept nogil:
    loss_limit_init(limit)
    limit.since_us = now_us


cdef void loss_limit_on_packet(
        LossLimit* limit, int64_t sent_us, uint32_t size, bint lost) noexcept nogil:
    if sent_us < limit.since_us:
        return
    if limit.began_us < 0:
        limit.began_us = limit.last_us = sent_us
    limit.last_us = max(limit.last_us, sent_us)
    limit.packets += 1
    limit.lost += lost
    limit.bytes += size


cdef void loss_limit_forgive(LossLimit* limit) noexcept nogil:
    limit.lost = max(limit.lost - 1, 0.0)


cdef void loss_limit_observe(
        LossLimit* limit, double packets, double lost, double bps) noexcept nogil:
    cdef LossObservation* seen = &limit.seen[limit.place]
    seen.packets = packets
    seen.lost = min(lost, packets)
    seen.bps = bps
    limit.place = (limit.place + 1) % LOSS_OBSERVATIONS
    limit.count = min(limit.count + 1, LOSS_OBSERVATIONS)


cdef bint loss_limit_update(
        LossLimit* limit, double delay_bps, double acked_bps) noexcept nogil:
    cdef int64_t lasted_us = limit.last_us - limit.began_us
    if limit.began_us < 0 or lasted_us < LOSS_OBSERVED_US:
        return False
    loss_limit_observe(limit, limit.packets, limit.lost, 8e6 * limit.bytes / lasted_us)
    limit.packets = limit.lost = limit.bytes = 0
    limit.began_us = limit.last_us
    loss_limit_choose(limit, delay_bps, acked_bps)
    return True


cdef void loss_limit_choose(
        LossLimit* limit, double delay_bps, double acked_bps) noexcept nogil:
    cdef double candidates[CANDIDATES]
    cdef double now_bps = min(limit.bps, delay_bps) if limit.bps > 0 else delay_bps
    cdef double best = 0, best_inherent = 0, best_score = 0, inherent, found
    cdef int i
    if limit.count < LEAST_OBSERVATIONS:
        return
    candidates[0] = now_bps
    candidates[1] = now_bps * DOWN
    candidates[2] = min(now_bps * UP, delay_bps)
    candidates[3] = min(acked_bps, delay_bps) if acked_bps > 0 else now_bps
    candidates[4] = delay_bps
    limit.average = average_loss(limit)
    for i in range(CANDIDATES):
        inherent = suited(limit, candidates[i])
        found = score(limit, candidates[i], inherent)
        if i == 0 or found > best_score:
            best = candidates[i]
            best_inherent = inherent
            best_score = found
    limit.inherent = best_inherent
    if best > now_bps and limit.average > best_inherent + HEAVY_LOSS / 10:
        best = now_bps                # more is lost than the inherent loss explains
    if limit.average > BOUND_LOSS:
        best = min(best, max(BALANCE_BPS / (limit.average - BOUND_LOSS), acked_bps / 2))
    limit.bps = best if best < delay_bps else 0


cdef double suited(const LossLimit* limit, double bps) noexcept nogil:
    """The likeliest inherent loss with this bandwidth, by Newton's method."""
    cdef double most = INHERENT_MOST + BALANCE_BPS / bps
    cdef double inherent = max(INHERENT_LEAST, min(most, limit.inherent))
    cdef double first, second, weight, came, p
    cdef const LossObservation* seen
    cdef int i
    for _ in range(NEWTON_STEPS):
        first = second = 0
        weight = 1
        for i in range(limit.count):
            seen = newest(limit, i)
            came = seen.packets - seen.lost
            p = chance_of_loss(seen, bps, inherent)
            first += weight * (seen.lost / p - came / (1 - p))
            second -= weight * (seen.lost / (p * p) + came / ((1 - p) * (1 - p)))
            weight *= WEIGHT
        if second < 0:
            inherent -= NEWTON_STEP * first / second
        inherent = max(INHERENT_LEAST, min(most, inherent))
    return inherent


cdef double score(const LossLimit* limit, double bps, double inherent) noexcept nogil:
    """The logarithm of the likelihood, and what a wider one is preferred by."""
    cdef double likely = 0, packets = 0, weight = 1, p
    cdef const LossObservation* seen
    cdef int i
    for i in range(limit.count):
        seen = newest(limit, i)
        p = chance_of_loss(seen, bps, inherent)
        likely += weight * (seen.lost * log(p) + (seen.packets - seen.lost) * log(1 - p))
        packets += weight * seen.packets
        weight *= WEIGHT
    if limit.average < HEAVY_LOSS:
        likely += packets * (PREFER_WIDE * bps / 1000 + PREFER_WIDE_LOG * log(1 + bps / 1000))
    return likely


cdef double average_loss(const LossLimit* limit) noexcept nogil:
    cdef double packets = 0, lost = 0, weight = 1
    cdef int i
    for i in range(limit.count):
        packets += weight * newest(limit, i).packets
        lost += weight * newest(limit, i).lost
        weight *= WEIGHT
    return lost / packets if packets > 0 else 0


cdef inline const LossObservation* newest(const LossLimit* limit, int i) noexcept nogil:
    """The i-th newest one."""
    return &limit.seen[(limit.place - 1 - i + LOSS_OBSERVATIONS) % LOSS_OBSERVATIONS]


cdef inline double chance_of_loss(
        const LossObservation* seen, double bps, double inherent) noexcept nogil:
    cdef double p = inherent
    if seen.bps > bps:
        p += (1 - inherent) * (seen.bps - bps) / seen.bps
    return max(1e-6, min(1 - 1e-6, p))
