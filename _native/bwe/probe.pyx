"""See probe.pxd."""

from fastsfu._native.base.seq cimport seq_diff

cdef enum:
    LEAST_PACKETS = 4             # that have to arrive
    LEAST_INTERVAL_US = 1000      # over which they do
    LONGEST_US = 100000           # of a cluster
    PATIENCE_US = 1000000         # for its feedback
    CALM_US = 2500000             # without a probe after congestion

cdef double FIRST_STEP = 1.5      # then, as long as they get through,
cdef double STEP = 2
cdef double BEYOND_WANTED = 1.06  # what is measured may be a little less than was to be sent
cdef double WORTH = 1.05          # a probe to less than that shows nothing
cdef double COMPLETE = 0.8        # share of its bytes that have to arrive
cdef double THROUGH = 0.9         # share of the sent rate that counts as all of it
cdef double CAREFUL = 0.95        # of what was received, where it is less
cdef double ONWARD = 0.7          # share of the cluster's rate that lets the next one follow


cdef void probe_init(Probe* probe, int64_t now_us) noexcept nogil:
    probe.state = PROBE_IDLE
    probe.cluster = 0
    probe.onward = True
    probe.due_us = now_us
    probe.again_us = PROBE_AGAIN_US


cdef bint probe_begin(
        Probe* probe, double estimate_bps, double wanted_bps, int64_t now_us) noexcept nogil:
    cdef double most_bps = BEYOND_WANTED * wanted_bps
    cdef int64_t lasts_us
    if probe.state == PROBE_AWAITED and now_us - probe.ended_us > PATIENCE_US:
        failed(probe, now_us)         # its feedback was lost
    if probe.state != PROBE_IDLE or now_us < probe.due_us:
        return False
    if wanted_bps <= estimate_bps or most_bps < WORTH * estimate_bps:
        return False
    probe.bps = min(rate_for(probe, estimate_bps), most_bps)
    lasts_us = <int64_t>(PROBE_QUEUE_US / (probe.bps / estimate_bps - 1))
    probe.bytes = <int64_t>(probe.bps / 8e6 * min(lasts_us, <int64_t>LONGEST_US))
    probe.state = PROBE_SENDING
    probe.cluster = 1 if probe.cluster == 255 else probe.cluster + 1
    probe.began_us = now_us
    probe.sent_bytes = 0
    probe.packets = 0
    probe.bytes_received = 0
    return True


cdef inline double rate_for(const Probe* probe, double estimate_bps) noexcept nogil:
    if probe.found_bps > FIRST_STEP * estimate_bps:
        return probe.found_bps
    return (STEP if probe.onward else FIRST_STEP) * estimate_bps


cdef void probe_on_sent(
        Probe* probe, uint16_t number, uint32_t size, int64_t now_us) noexcept nogil:
    probe.sent_bytes += size
    probe.last = number
    probe.ended_us = now_us
    if probe.sent_bytes >= probe.bytes:
        probe.state = PROBE_AWAITED


cdef void probe_on_arrival(
        Probe* probe, int64_t sent_us, int64_t arrival_us, uint32_t size) noexcept nogil:
    if probe.packets == 0 or arrival_us < probe.first_arrival_us:
        probe.first_arrival_us = arrival_us
        probe.first_bytes = size
    if probe.packets == 0 or sent_us >= probe.last_sent_us:
        probe.last_sent_us = sent_us
        probe.last_bytes = size
    if probe.packets == 0:
        probe.first_sent_us = sent_us
        probe.last_arrival_us = arrival_us
    probe.first_sent_us = min(probe.first_sent_us, sent_us)
    probe.last_arrival_us = max(probe.last_arrival_us, arrival_us)
    probe.packets += 1
    probe.bytes_received += size


cdef double probe_result(
        Probe* probe, uint16_t number, double estimate_bps, bint shared,
        int64_t now_us) noexcept nogil:
    cdef double found
    if probe.state != PROBE_AWAITED or seq_diff(number, probe.last) < 0:
        return 0
    found = measured(probe)
    probe.found_bps = 0
    if shared and found < THROUGH * probe.bps:
        probe.found_bps = found
        found = 0
    if found >= ONWARD * probe.bps and found > estimate_bps:
        probe.state = PROBE_IDLE
        probe.onward = True
        probe.due_us = now_us
        probe.again_us = PROBE_AGAIN_US
    elif probe.found_bps > FIRST_STEP * estimate_bps:
        probe.state = PROBE_IDLE
        probe.due_us = now_us
    else:
        failed(probe, now_us)
    return found


cdef double measured(const Probe* probe) noexcept nogil:
    """0: too little has arrived."""
    cdef int64_t received_us = probe.last_arrival_us - probe.first_arrival_us
    cdef int64_t sent_us = probe.last_sent_us - probe.first_sent_us
    cdef double sent_bps = probe.bps, received_bps
    if probe.packets < LEAST_PACKETS or probe.bytes_received < COMPLETE * probe.bytes:
        return 0
    if received_us < LEAST_INTERVAL_US:
        return 0
    if sent_us >= LEAST_INTERVAL_US:
        sent_bps = min(
            sent_bps, 8e6 * (probe.bytes_received - probe.last_bytes) / sent_us)
    received_bps = 8e6 * (probe.bytes_received - probe.first_bytes) / received_us
    if received_bps < THROUGH * sent_bps:
        return CAREFUL * received_bps
    return min(sent_bps, received_bps)


cdef void failed(Probe* probe, int64_t now_us) noexcept nogil:
    probe.state = PROBE_IDLE
    probe.onward = False
    probe.due_us = now_us + probe.again_us
    probe.again_us = min(probe.again_us * 3 // 2, <int64_t>PROBE_LONGEST_US)


cdef void probe_cancel(Probe* probe, int64_t now_us) noexcept nogil:
    probe.state = PROBE_IDLE
    probe.onward = False
    probe.found_bps = 0
    probe.due_us = max(probe.due_us, now_us + CALM_US)
