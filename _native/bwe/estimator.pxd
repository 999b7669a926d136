"""How much can go to one receiver: the lower one of a bound by delay and a bound by loss, raised by
what probes have shown. A pure state machine: it is told what left and what feedback says, and asked
what may leave.

    what leaves             estimator_sends -> its transport-wide number
    transport-wide feedback estimator_on_arrivals (in portions), then estimator_conclude
    for others              estimator_on_remb, estimator_on_report
    now and then            estimator_tick: feedback that does not come any more
    more is wanted          estimator_probe: a cluster begins; probe_owed says what it lacks

While nothing is known of the link (`proven` is False) there is no bound: what is sent in the first
second shows what gets through, as without any estimate. Where that fills the link (bwe/start) it
ends at once, and what was lost by it is no loss of the link.

Far more than what is sent, once a probe has shown it, is not doubted for the first large frame that
makes use of it; and until it is made use of, one overuse takes no more than three tenths.

A queue that others keep full, however little is sent, is theirs (bwe/competing): then the estimate
is a fair share, and only loss lowers it.

A link from which nothing comes is away, until the first packet arrives again. What was lost until
then says nothing of how much fits: the estimate stays what it was.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.bwe.acked cimport Acked
from fastsfu._native.bwe.aimd cimport Aimd
from fastsfu._native.bwe.competing cimport Competing
from fastsfu._native.bwe.groups cimport Groups
from fastsfu._native.bwe.loss_limit cimport LossLimit
from fastsfu._native.bwe.probe cimport PROBE_SENDING, Probe, probe_on_sent
from fastsfu._native.bwe.queue cimport Queue
from fastsfu._native.bwe.sent cimport SentLog, sent_note
from fastsfu._native.bwe.start cimport Start
from fastsfu._native.bwe.trend cimport Trend
from fastsfu._native.packet.twcc cimport Arrival

cdef enum:
    ESTIMATE_LEAST_BPS = 30000        # sound at its worst
    ESTIMATE_MOST_BPS = 200000000
    ESTIMATE_START_BPS = 300000       # libwebrtc's
    ESTIMATE_PROVEN_US = 1000000      # after the first feedback
    ESTIMATE_FULL_US = 30000000       # after an overuse the link counts as full for so long
    ESTIMATE_SPILT = 3                # lost of what stands in a queue: see estimator_overflows
    ESTIMATE_SPILT_US = 8000000       # until no report tells of that any more

cdef struct Estimator:
    int64_t bps                       # the estimate
    bint proven                       # it is one
    bint limited                      # less is sent than might be, now or a moment ago
    bint unused                       # now
    int64_t unused_us                 # when that was so last
    int64_t wanted_bps                # by whoever sends; probes go no further
    bint resting                      # all that could make use of it: only probes raise it
    int64_t rtt_us                    # with the receiver's wait before its feedback; 0 = unknown
    SentLog* log                      # NULL: no transport-wide numbers
    Groups groups
    Trend trend
    Queue queue
    Start start
    Competing competing
    Acked acked
    Aimd aimd
    LossLimit loss
    Probe probe
    int64_t raised_us                 # when a probe raised it last to far more than is sent
    int64_t stands_us                 # since when the queue stands; 0 = it does not
    uint32_t stood, spilt             # packets that arrived or were lost meanwhile; lost ones alone
    int64_t spilt_us                  # when it overflowed last, or the first pictures filled it
    int64_t foreign_us                # when the queue turned out to be somebody else's last
    int standing                      # cuts for a queue that stands, since it was short
    int64_t cut_us                    # when the last one was
    double unused_bytes               # saved up of what might have been sent, for half a second
    uint64_t counted_bytes            # of log.bytes
    int64_t first_us                  # when the first feedback came; -1 = none yet
    int64_t concluded_us              # and the last one
    int64_t answered_us               # how long the first packet after one waits for the next one
    int64_t away_us                   # since when what is sent is not answered; 0 = it is
    uint16_t expected                 # number behind the last one that has arrived
    int64_t arrival_us                # of the last packet, by the receiver's clock, extended
    uint32_t ticks                    # the same on the wire
    int64_t heard_us                  # REMB and reports: when the last one came
    uint64_t heard_bytes              # sent until then
    double used_bps                   # sent meanwhile

# log: owned by the caller; NULL: the receiver gives no transport-wide feedback.
cdef void estimator_init(Estimator* e, SentLog* log, int64_t now_us) noexcept nogil
# A portion of one feedback packet, in order of the numbers.
cdef void estimator_on_arrivals(
    Estimator* e, const Arrival* arrivals, int count, int64_t now_us) noexcept nogil
# The end of one feedback packet.
cdef void estimator_conclude(Estimator* e, int64_t now_us) noexcept nogil
# A receiver's own estimate (draft-alvestrand-rmcat-remb-03). sent_bytes: in all.
cdef void estimator_on_remb(
    Estimator* e, int64_t bps, uint64_t sent_bytes, int64_t now_us) noexcept nogil
# A receiver's report of so many packets since its last one; without transport-wide feedback only.
cdef void estimator_on_report(
    Estimator* e, uint32_t packets, uint32_t lost, uint64_t sent_bytes,
    int64_t now_us) noexcept nogil
# At least once a second.
cdef void estimator_tick(Estimator* e, int64_t now_us) noexcept nogil
# What may leave at once: bits a second, 0 = all of it, since nothing says that the link is full.
cdef double estimator_pace(const Estimator* e, int64_t now_us) noexcept nogil
# No feedback, nor anything else since `heard_us`, for longer than a lost one explains: the link may
# be gone. Once it counts as away that is known.
cdef bint estimator_unheard(
    const Estimator* e, int64_t heard_us, int64_t now_us) noexcept nogil
# Shall a cluster begin? Then what leaves belongs to it, until it is complete.
cdef bint estimator_probe(Estimator* e, int64_t now_us) noexcept nogil


cdef inline uint16_t estimator_sends(
        Estimator* e, uint16_t size, int64_t now_us) noexcept nogil:
    """A datagram of `size` bytes leaves: its transport-wide number. There is a log."""
    cdef uint16_t number = sent_note(e.log, size, now_us)
    if e.log.cluster:
        probe_on_sent(&e.probe, number, size, now_us)
        if e.probe.state != PROBE_SENDING:
            e.log.cluster = 0
    return number


cdef inline bint estimator_overflows(const Estimator* e) noexcept nogil:
    """While the queue stands a few packets more are lost than twice what is lost anyway."""
    return e.spilt >= ESTIMATE_SPILT + 2 * e.loss.inherent * e.stood
