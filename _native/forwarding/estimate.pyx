"""Feedback on its way to the estimator; see estimate.pxd."""

from libc.stdint cimport int64_t, uint64_t

from fastsfu._native.bwe.estimator cimport (
    estimator_conclude, estimator_on_arrivals, estimator_on_remb, estimator_on_report,
    estimator_tick,
)
from fastsfu._native.forwarding.absence cimport absence_ends, absence_lasts
from fastsfu._native.forwarding.allocation cimport allocation_run
from fastsfu._native.forwarding.counters cimport DROP_RTCP_MALFORMED
from fastsfu._native.forwarding.pacing cimport pacing_follow, pacing_probe
from fastsfu._native.forwarding.state cimport count_drop
from fastsfu._native.media.redundancy cimport REDUNDANT_US
from fastsfu._native.media.stream cimport MediaKind, OutboundStream
from fastsfu._native.packet.rtcp cimport rtcp_read_remb
from fastsfu._native.packet.twcc cimport Arrival, TwccReader, twcc_open, twcc_read

cdef enum:
    ARRIVALS = 128                # read at a time


cdef void estimate_on_feedback(
        Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    cdef Arrival arrivals[ARRIVALS]
    cdef TwccReader reader
    cdef int count
    if transport.estimator == NULL or transport.estimator.log == NULL:
        return
    if not twcc_open(part, &reader):
        count_drop(worker, DROP_RTCP_MALFORMED)
        return
    absence_ends(worker, transport)
    count = twcc_read(&reader, arrivals, ARRIVALS)
    while count:
        estimator_on_arrivals(transport.estimator, arrivals, count, worker.now_us)
        count = twcc_read(&reader, arrivals, ARRIVALS)
    estimator_conclude(transport.estimator, worker.now_us)
    follow(worker, transport)


cdef void estimate_on_remb(
        Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    cdef int64_t bps
    if transport.estimator != NULL and rtcp_read_remb(part, &bps):
        estimator_on_remb(transport.estimator, bps, sent_bytes(transport), worker.now_us)
        follow(worker, transport)


cdef void estimate_on_reports(
        Worker* worker, Transport* transport, uint32_t packets, uint32_t lost) noexcept nogil:
    if transport.estimator == NULL:
        return
    if transport.estimator.log != NULL:
        transport.estimator.heard_us = worker.now_us          # for forwarding/absence
    elif packets:
        estimator_on_report(
            transport.estimator, packets, lost, sent_bytes(transport), worker.now_us)
        follow(worker, transport)


cdef void estimate_sweep(Worker* worker, Transport* transport) noexcept nogil:
    if transport.estimator != NULL:
        estimator_tick(transport.estimator, worker.now_us)
        if transport.estimator.away_us:
            absence_lasts(worker, transport)
        follow(worker, transport)


cdef uint64_t sent_bytes(const Transport* transport) noexcept nogil:
    cdef uint64_t bytes = 0
    cdef int i
    for i in range(transport.outbound_count):
        bytes += transport.outbound[i].stats.bytes
    return bytes


cdef void follow(Worker* worker, Transport* transport) noexcept nogil:
    """Whoever goes by the estimate gets it."""
    if transport.estimator.foreign_us == worker.now_us:
        say_again(transport, worker.now_us + REDUNDANT_US)
    elif transport.estimator.spilt_us == worker.now_us:
        say_once(transport)
    transport.stats.estimate_bps = (
        <uint64_t>transport.estimator.bps if transport.estimator.proven else 0)
    allocation_run(worker, transport)
    if transport.pacer != NULL:
        pacing_follow(worker, transport)
        pacing_probe(worker, transport)


cdef void say_again(const Transport* transport, int64_t until_us) noexcept nogil:
    """Others keep the link's queue full, and push out of ours what giving way does not save."""
    cdef OutboundStream* stream
    cdef int i
    for i in range(transport.outbound_count):
        stream = transport.outbound[i]
        if stream.source != NULL and stream.source.kind == MediaKind.AUDIO:
            stream.redundant_until_us = until_us


cdef void say_once(const Transport* transport) noexcept nogil:
    """What is sent overfills the link: what is lost was pushed out. To say more again restores
    nothing, and takes the place of what comes; who lost something before has his reason.
    """
    cdef OutboundStream* stream
    cdef int i
    for i in range(transport.outbound_count):
        stream = transport.outbound[i]
        if stream.stats.fraction_lost == 0:
            stream.redundant_until_us = 0
