"""The loss-based bound: is what is lost lost to congestion, or at any rate? (libwebrtc's
LossBasedBweV2.) The last 15 observations of 250 ms are explained by a bandwidth and an inherent
loss:

    P(lost) = inherent + (1 - inherent) max(0, rate - bandwidth) / rate

Of a few bandwidths around the present one that is taken which makes the observations likeliest,
each with the inherent loss that suits it best. So random loss, which does not rise with the rate,
is no reason to send less, and congestion is, even without a queue that delay could show.
"""

from libc.stdint cimport int64_t, uint32_t

cdef enum:
    LOSS_OBSERVATIONS = 15
    LOSS_OBSERVED_US = 250000

cdef struct LossObservation:
    double packets
    double lost
    double bps                # at which they were sent

cdef struct LossLimit:
    LossObservation seen[LOSS_OBSERVATIONS]   # ring
    int count
    int place                 # where the next one goes
    double packets            # of the one in the making
    double lost
    double bytes
    int64_t since_us          # what left before tells nothing
    int64_t began_us          # when its first packet left; -1 = none yet
    int64_t last_us           # and its last
    double inherent           # share of packets lost whatever the rate
    double average            # share of packets lost, of the observations
    double bps                # the bound; 0 = none

cdef void loss_limit_init(LossLimit* limit) noexcept nogil
# Anew: of what left before now no packet counts.
cdef void loss_limit_begin(LossLimit* limit, int64_t now_us) noexcept nogil
# One packet of which is known what became of it.
cdef void loss_limit_on_packet(
    LossLimit* limit, int64_t sent_us, uint32_t size, bint lost) noexcept nogil
# The last one was no loss after all, if it was of this observation.
cdef void loss_limit_forgive(LossLimit* limit) noexcept nogil
# A whole observation at once (receiver reports); then loss_limit_choose.
cdef void loss_limit_observe(
    LossLimit* limit, double packets, double lost, double bps) noexcept nogil
cdef void loss_limit_choose(
    LossLimit* limit, double delay_bps, double acked_bps) noexcept nogil
# Once an observation is complete: choose the bandwidth anew. delay_bps: the other bound;
# acked_bps: 0 = not known. True: one was complete.
cdef bint loss_limit_update(
    LossLimit* limit, double delay_bps, double acked_bps) noexcept nogil
