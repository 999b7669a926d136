"""See estimator.pxd."""

from libc.math cimport pow
from libc.stdint cimport int32_t
from libc.string cimport memset

from fastsfu._native.base.seq cimport seq_diff
from fastsfu._native.bwe.acked cimport acked_expect, acked_init, acked_on_packet, acked_set
from fastsfu._native.bwe.aimd cimport aimd_begin, aimd_init, aimd_set, aimd_update
from fastsfu._native.bwe.competing cimport competing_init, competing_look
from fastsfu._native.bwe.groups cimport GroupDelta, groups_init, groups_on_packet
from fastsfu._native.bwe.loss_limit cimport (
    loss_limit_begin, loss_limit_choose, loss_limit_forgive, loss_limit_init,
    loss_limit_observe, loss_limit_on_packet, loss_limit_update,
)
from fastsfu._native.bwe.probe cimport (
    PROBE_IDLE, probe_begin, probe_cancel, probe_init, probe_on_arrival, probe_result,
)
from fastsfu._native.bwe.queue cimport (
    QUEUE_GROWN_US, QUEUE_STANDING_US, queue_init, queue_mark, queue_on_packet,
)
from fastsfu._native.bwe.sent cimport SENT_CAPACITY, Sent, sent_at, sent_find
from fastsfu._native.bwe.start cimport start_bps, start_on_packet
from fastsfu._native.bwe.trend cimport (
    USAGE_NORMAL, USAGE_OVERUSE, USAGE_UNDERUSE, Usage, trend_init, trend_on_delta,
)
from fastsfu._native.packet.twcc cimport TWCC_TICK_US

cdef enum:
    LIMITED_LASTS_US = 500000         # until what arrives shows what is sent
    BUDGET_US = 500000                # of what is saved up (libwebrtc's AlrDetector)
    STALLED_US = 500000               # besides the round-trip time, without feedback
    PROBE_QUEUED_US = 15000           # no probe onto a longer queue
    REPORT_LEAST_US = 200000          # between two that are an observation each
    UNKNOWN_RTT_US = 100000
    ANSWERED_US = 100000              # libwebrtc's, at first,
    MOST_ANSWERED_US = 250000         # and at most
    UNHEARD_US = 30000                # besides twice that
    RAISED_US = 1500000               # after a probe, until a larger picture has begun,
    BURST_US = 80000                  # whose first frame may queue up so much
    FULL_US = 10000000                # for so long after an overuse the link counts as shared
    CUT_US = 300000                   # besides the round-trip time, between two cuts for it
    CUTS = 4                          # if they do not help, it is others who fill it
    LEFT_US = 10000000                # then it is left to them for so long

cdef double USED = 0.65               # share of the estimate that counts as using it
cdef double LIMITED_ABOVE = 0.8       # share of the budget saved up: limited from here,
cdef double LIMITED_BELOW = 0.5       # and to here
cdef double FAR_BEYOND = 2            # times what arrives
cdef double START_ABOVE_ACKED = 1.2
cdef double PACE = 1.5                # of the estimate: a frame is through before the next one
cdef double REMB_TELLS = 1.4          # a REMB below that multiple of what is sent is a bound
cdef double REMB_RISES = 1.08         # a second


cdef void estimator_init(Estimator* e, SentLog* log, int64_t now_us) noexcept nogil:
    memset(e, 0, sizeof(Estimator))
    e.bps = ESTIMATE_START_BPS
    e.log = log
    e.first_us = -1
    e.answered_us = ANSWERED_US
    e.raised_us = now_us - RAISED_US
    e.unused_us = now_us - LIMITED_LASTS_US
    e.spilt_us = now_us - ESTIMATE_SPILT_US
    groups_init(&e.groups)
    trend_init(&e.trend)
    queue_init(&e.queue)
    competing_init(&e.competing, now_us)
    acked_init(&e.acked)
    aimd_init(&e.aimd, ESTIMATE_START_BPS if log != NULL else ESTIMATE_MOST_BPS, now_us)
    loss_limit_init(&e.loss)
    probe_init(&e.probe, now_us)


cdef void estimator_on_arrivals(
        Estimator* e, const Arrival* arrivals, int count, int64_t now_us) noexcept nogil:
    cdef const Arrival* arrival
    cdef Sent* sent
    cdef int i
    for i in range(count):
        arrival = &arrivals[i]
        sent = sent_find(e.log, arrival.number)
        if sent == NULL:
            continue
        if arrival.received:
            extend(e, arrival)
            on_arrival(e, sent, now_us)
        elif not sent.lost:
            sent.lost = 1
            if e.away_us == 0:
                loss_limit_on_packet(&e.loss, sent_at(sent, now_us), sent.size, True)
                spill(e, sent, now_us)


cdef inline void spill(Estimator* e, const Sent* sent, int64_t now_us) noexcept nogil:
    """A probe may overfill it, and what is left to others (CUTS) they do."""
    if e.stands_us and not sent.cluster and e.standing < CUTS:
        e.spilt += 1
        e.stood += 1
        if estimator_overflows(e):
            e.spilt_us = now_us


cdef inline void extend(Estimator* e, const Arrival* arrival) noexcept nogil:
    """The arrival time without the wrap of its 32 bits."""
    cdef int64_t passed_us
    if e.arrival_us == 0:                 # any origin will do
        e.arrival_us = <int64_t>1 << 40
        e.ticks = arrival.ticks
    passed_us = <int64_t><int32_t>(arrival.ticks - e.ticks) * TWCC_TICK_US
    make_up(e, arrival.number, passed_us)
    e.arrival_us += passed_us
    e.ticks = arrival.ticks


cdef void make_up(Estimator* e, uint16_t number, int64_t passed_us) noexcept nogil:
    """Feedback was lost: what it told of counts as arrived meanwhile, evenly; else the rate would
    seem to fall."""
    cdef Sent* sent
    cdef int gap = seq_diff(number, e.expected), i
    if e.first_us < 0 or gap > SENT_CAPACITY:
        gap = 0
    elif -SENT_CAPACITY < gap < 0:
        return                            # it was overtaken by what came after it
    for i in range(gap):
        sent = sent_find(e.log, e.expected + i)
        if sent != NULL and not sent.lost:
            acked_on_packet(&e.acked, e.arrival_us + passed_us * (i + 1) // (gap + 1), sent.size)
    e.expected = number + 1


cdef void on_arrival(Estimator* e, Sent* sent, int64_t now_us) noexcept nogil:
    cdef GroupDelta delta
    cdef int64_t left_us = sent_at(sent, now_us)
    cdef int64_t group_us = e.groups.current.arrival_us
    e.away_us = 0
    e.stood += e.stands_us != 0
    if sent.lost:
        loss_limit_forgive(&e.loss)
        e.spilt -= e.spilt > 0
    else:
        loss_limit_on_packet(&e.loss, left_us, sent.size, False)
    acked_on_packet(&e.acked, e.arrival_us, sent.size)
    queue_on_packet(&e.queue, left_us, e.arrival_us)
    if not e.proven:
        start_on_packet(&e.start, e.queue.us, e.arrival_us, sent.size)
    if sent.cluster:
        if sent.cluster == e.probe.cluster and e.probe.state != PROBE_IDLE:
            probe_on_arrival(&e.probe, left_us, e.arrival_us, sent.size)
    elif groups_on_packet(&e.groups, left_us, e.arrival_us, &delta):
        trend_on_delta(&e.trend, &delta, group_us)
    e.rtt_us = now_us - left_us
    sent.size = 0


cdef void estimator_conclude(Estimator* e, int64_t now_us) noexcept nogil:
    cdef double found
    cdef Usage usage
    if e.first_us < 0:
        e.first_us = e.concluded_us = now_us
    save_up(e, now_us)
    e.concluded_us = now_us
    if e.log.waits_us:
        e.answered_us += (min(now_us - e.log.waits_us, MOST_ANSWERED_US) - e.answered_us) // 8
    e.log.waits_us = 0
    found = probe_result(
        &e.probe, e.expected - 1, e.aimd.bps,
        e.proven and now_us - e.aimd.reduced_us < FULL_US, now_us)
    if not e.proven:
        raise_to(e, START_ABOVE_ACKED * e.acked.bps, now_us)
    usage = respond(e, now_us)
    if usage == USAGE_OVERUSE:
        prove(e, now_us)
        probe_cancel(&e.probe, now_us)
        e.log.cluster = 0
    else:
        raise_to(e, found, now_us)
    loss_limit_update(&e.loss, e.aimd.bps, e.acked.bps)
    queue_mark(&e.queue)
    if now_us - e.first_us >= ESTIMATE_PROVEN_US or e.loss.bps > 0:
        e.proven = True
    settle(e)


cdef inline void prove(Estimator* e, int64_t now_us) noexcept nogil:
    """By an overuse: what is lost of all that was sent until now it has caused."""
    if not e.proven and e.acked.bps > 0:
        e.proven = True
        loss_limit_begin(&e.loss, now_us)


cdef Usage respond(Estimator* e, int64_t now_us) noexcept nogil:
    """To the queue, unless it is somebody else's."""
    cdef bint competed = e.competing.fair_bps > 0
    cdef Usage usage = judge(e, now_us)
    competing_look(
        &e.competing, &e.queue, &e.acked, believed(e, now_us), e.loss.average > 0, e.log.bytes,
        now_us)
    if e.competing.fair_bps <= 0:
        aimd_update(&e.aimd, usage, &e.acked, e.rtt_us, e.limited or e.resting, now_us)
        return usage
    if not competed:
        acked_expect(&e.acked)
        e.foreign_us = now_us
        e.spilt_us = now_us - ESTIMATE_SPILT_US
    e.stands_us = e.spilt = e.stood = 0
    aimd_set(&e.aimd, e.competing.fair_bps, now_us)
    return USAGE_NORMAL


cdef double believed(const Estimator* e, int64_t now_us) noexcept nogil:
    """As long as the link was never full, the estimate is beyond what has been seen of it."""
    if now_us - e.aimd.reduced_us > ESTIMATE_FULL_US:
        return min(<double>e.bps, START_ABOVE_ACKED * e.acked.bps)
    return e.bps


cdef Usage judge(Estimator* e, int64_t now_us) noexcept nogil:
    """The trend sees a queue that grows or drains. One that is full and stands has none; and what
    was empty for a moment since the last feedback is none: a frame, maybe another flow's.

    Two flows over one link see the same queue, though not the same trend: that is what lets them
    give way together, and so share it."""
    cdef double narrow_bps = 0 if e.proven else start_bps(&e.start, e.queue.low_us)
    if narrow_bps > 0:
        acked_set(&e.acked, narrow_bps)
        aimd_begin(&e.aimd, narrow_bps, now_us)
        prove(e, now_us)
        e.spilt_us = now_us
        return USAGE_UNDERUSE             # the queue drains until a smaller picture has begun
    if e.queue.low_us < QUEUE_STANDING_US:
        e.stands_us = e.spilt = e.stood = 0
    elif e.stands_us == 0:
        e.stands_us = now_us
    if e.queue.low_us < QUEUE_STANDING_US or now_us - e.cut_us > LEFT_US:
        e.standing = 0
    if e.trend.usage == USAGE_OVERUSE and e.queue.low_us < (
            BURST_US if now_us - e.raised_us < RAISED_US else QUEUE_GROWN_US):
        return USAGE_NORMAL
    if e.trend.usage != USAGE_NORMAL or e.queue.low_us < QUEUE_STANDING_US:
        return e.trend.usage
    if e.standing == CUTS:
        return USAGE_NORMAL
    if now_us - max(e.cut_us, e.aimd.reduced_us) < CUT_US + e.rtt_us:
        return USAGE_UNDERUSE
    e.standing += 1
    e.cut_us = now_us
    return USAGE_OVERUSE


cdef inline void raise_to(Estimator* e, double found_bps, int64_t now_us) noexcept nogil:
    """What a probe has shown, or at the beginning media."""
    if found_bps > e.aimd.bps:
        aimd_set(&e.aimd, found_bps, now_us)
        if e.proven and found_bps > FAR_BEYOND * e.acked.bps:     # little of it is used yet
            e.raised_us = now_us
            e.unused = e.limited = True
            e.unused_us = now_us
            e.unused_bytes = unused_most(e)
    if e.loss.bps > 0:
        e.loss.bps = max(e.loss.bps, found_bps)


cdef void save_up(Estimator* e, int64_t now_us) noexcept nogil:
    """Is the estimate made use of? A budget of USED of it, which what is sent is taken from."""
    cdef double most = unused_most(e)
    e.unused_bytes += USED * e.aimd.bps / 8e6 * (now_us - e.concluded_us)
    e.unused_bytes -= e.log.bytes - e.counted_bytes
    e.unused_bytes = max(-most, min(most, e.unused_bytes))
    e.counted_bytes = e.log.bytes
    if e.unused_bytes > LIMITED_ABOVE * most:
        e.unused = True
    elif e.unused_bytes < LIMITED_BELOW * most:
        if e.unused:
            acked_expect(&e.acked)
        e.unused = False
    if e.unused:
        e.unused_us = now_us
    e.limited = now_us - e.unused_us < LIMITED_LASTS_US


cdef inline double unused_most(const Estimator* e) noexcept nogil:
    return USED * e.aimd.bps / 8e6 * BUDGET_US


cdef void settle(Estimator* e) noexcept nogil:
    e.aimd.bps = max(<double>ESTIMATE_LEAST_BPS, min(<double>ESTIMATE_MOST_BPS, e.aimd.bps))
    e.bps = <int64_t>e.aimd.bps
    if e.loss.bps > 0:
        e.bps = min(e.bps, max(<int64_t>ESTIMATE_LEAST_BPS, <int64_t>e.loss.bps))


cdef void estimator_on_remb(
        Estimator* e, int64_t bps, uint64_t sent_bytes, int64_t now_us) noexcept nogil:
    """A receiver's estimate stands at 1.5 of what it gets, as long as nothing is in the way: so
    only one that is lower says something of the link."""
    cdef double seconds = min(now_us - e.concluded_us, <int64_t>1000000) / 1e6
    if e.log != NULL or bps <= 0:
        return
    use(e, sent_bytes, now_us)
    e.concluded_us = now_us
    if e.used_bps <= 0:
        return
    if bps < REMB_TELLS * e.used_bps:
        e.aimd.bps = bps
        e.proven = True
    else:
        e.aimd.bps *= pow(REMB_RISES, seconds)
    settle(e)


cdef void estimator_on_report(
        Estimator* e, uint32_t packets, uint32_t lost, uint64_t sent_bytes,
        int64_t now_us) noexcept nogil:
    if e.log != NULL or packets == 0 or lost > packets:
        return
    use(e, sent_bytes, now_us)
    if e.used_bps <= 0:
        return
    loss_limit_observe(&e.loss, packets, lost, e.used_bps)
    loss_limit_choose(
        &e.loss, e.aimd.bps, e.used_bps * (packets - lost) / packets)
    e.proven = e.proven or e.loss.bps > 0
    settle(e)


cdef inline void use(Estimator* e, uint64_t sent_bytes, int64_t now_us) noexcept nogil:
    """The rate at which was sent since the last report."""
    cdef int64_t passed_us = now_us - e.heard_us
    if e.heard_us == 0 or passed_us >= REPORT_LEAST_US:
        if e.heard_us:
            e.used_bps = 8e6 * (sent_bytes - e.heard_bytes) / passed_us
        e.heard_us = now_us
        e.heard_bytes = sent_bytes


cdef void estimator_tick(Estimator* e, int64_t now_us) noexcept nogil:
    cdef int64_t rtt_us = e.rtt_us if e.rtt_us else <int64_t>UNKNOWN_RTT_US
    if e.log == NULL or e.first_us < 0 or e.log.waits_us == 0 or e.away_us:
        return
    if now_us - e.log.waits_us < STALLED_US + rtt_us:
        return
    e.away_us = e.log.waits_us
    probe_cancel(&e.probe, now_us)
    e.log.cluster = 0


cdef double estimator_pace(const Estimator* e, int64_t now_us) noexcept nogil:
    if not e.proven or (
            e.loss.bps <= 0 and now_us - e.aimd.reduced_us > ESTIMATE_FULL_US):
        return 0
    if e.competing.fair_bps > 0:          # the queue is full: what comes at once is dropped
        return e.bps
    return PACE * e.bps


cdef bint estimator_unheard(
        const Estimator* e, int64_t heard_us, int64_t now_us) noexcept nogil:
    return (
        e.log != NULL and e.proven and e.log.waits_us != 0 and e.away_us == 0
        and now_us - max(e.log.waits_us, heard_us) > 2 * e.answered_us + UNHEARD_US)


cdef bint estimator_probe(Estimator* e, int64_t now_us) noexcept nogil:
    if e.log == NULL or e.first_us < 0 or e.away_us or e.trend.usage == USAGE_OVERUSE:
        return False
    if e.queue.us > PROBE_QUEUED_US:
        return False
    if not probe_begin(&e.probe, <double>e.bps, <double>e.wanted_bps, now_us):
        return False
    e.log.cluster = e.probe.cluster
    return True
