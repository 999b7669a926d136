"""Probes: more than the estimate for a moment, to see if it gets through.

A cluster is a number of bytes sent at a rate beyond the estimate; what its packets' arrivals show
is its result (libwebrtc's ProbeController and ProbeBitrateEstimator). On a link that is full
already it adds PROBE_QUEUE_US of queue at most: (rate - estimate) x time <= 25 ms x estimate.

    rate        1.5 x the estimate, 2 x at first and after one that got through,
                but not beyond 1.06 x what is wanted
    result      the lower one of sent and received; 0.95 x received where that is below 0.9 x sent
    shared      on a link that others may share such a result may only say that they were pushed
                aside, and is none; above 1.5 x the estimate the next one, at once, tries just that
    then        it got through: the next one follows at once; else one is tried each 1 to 2 s,
                while more is wanted than the estimate has

While a cluster is being sent all packets belong to it; what media leaves open is filled up.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

cdef enum:
    PROBE_QUEUE_US = 25000
    PROBE_AGAIN_US = 1000000      # after one that showed nothing; then 1.5 x as long each time,
    PROBE_LONGEST_US = 2000000    # up to this

cdef enum ProbeState:
    PROBE_IDLE = 0
    PROBE_SENDING
    PROBE_AWAITED                 # all of it has left

cdef struct Probe:
    ProbeState state
    uint8_t cluster               # number of the last one; never 0 once there was one
    bint onward                   # the last one got through
    double found_bps              # by the last one, to be shown by the next; 0 = nothing
    double bps                    # of the cluster
    int64_t bytes                 # that it is to have
    int64_t began_us
    int64_t sent_bytes
    uint16_t last                 # number of its last packet so far
    int64_t ended_us              # when that left
    int64_t due_us                # when the next one may begin
    int64_t again_us              # how long to wait after the next one that shows nothing
    # its packets that have arrived, by our clock and the receiver's
    int packets
    int64_t bytes_received
    int64_t first_sent_us
    int64_t last_sent_us
    int64_t first_arrival_us
    int64_t last_arrival_us
    int64_t first_bytes           # of the packet that arrived first
    int64_t last_bytes            # of the one that left last

cdef void probe_init(Probe* probe, int64_t now_us) noexcept nogil
# Begin a cluster, if one is due and more is wanted. True: it began.
cdef bint probe_begin(
    Probe* probe, double estimate_bps, double wanted_bps, int64_t now_us) noexcept nogil
# A packet of the cluster leaves.
cdef void probe_on_sent(
    Probe* probe, uint16_t number, uint32_t size, int64_t now_us) noexcept nogil
cdef void probe_on_arrival(
    Probe* probe, int64_t sent_us, int64_t arrival_us, uint32_t size) noexcept nogil
# Feedback has come up to this number: what the cluster has shown, bits a second, once it is
# complete. 0: not yet, or nothing. shared: with others, maybe.
cdef double probe_result(
    Probe* probe, uint16_t number, double estimate_bps, bint shared, int64_t now_us) noexcept nogil
# Congestion: whatever is under way shows nothing, and the next one has time.
cdef void probe_cancel(Probe* probe, int64_t now_us) noexcept nogil


cdef inline int64_t probe_owed(const Probe* probe, int64_t now_us) noexcept nogil:
    """Bytes that the cluster lacks by now."""
    cdef int64_t due
    if probe.state != PROBE_SENDING:
        return 0
    due = <int64_t>(probe.bps / 8e6 * (now_us - probe.began_us + 1000))
    return max(<int64_t>0, min(due, probe.bytes) - probe.sent_bytes)
