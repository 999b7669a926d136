"""Receivers' room to a sender's REMB; see demand.pxd."""

from libc.stdint cimport uint32_t

from fastsfu._native.forwarding.compound cimport Compound, compound_send
from fastsfu._native.forwarding.link cimport link_demand
from fastsfu._native.packet.rtcp cimport REMB_MOST_SSRCS, rtcp_write_remb, rtcp_write_rr


cdef void demand_tell(Worker* worker, Transport* transport) noexcept nogil:
    cdef uint32_t ssrcs[REMB_MOST_SSRCS]
    cdef InboundStream* stream
    cdef int64_t bps = 0
    cdef int i, count = 0
    if worker.now_us < transport.demand.due_us:
        return
    transport.demand.due_us = worker.now_us + DEMAND_APART_US
    for i in range(transport.inbound_count):
        stream = transport.inbound[i]
        if stream.remb and stream.bound and count < REMB_MOST_SSRCS:
            bps += demand_of(stream)
            ssrcs[count] = stream.ssrc
            count += 1
    if count == 0 or not (
            changed(transport.demand.bps, bps)
            or worker.now_us - transport.demand.told_us >= DEMAND_AGAIN_US):
        return
    transport.demand.bps = bps
    transport.demand.told_us = worker.now_us
    tell(worker, transport, bps, ssrcs, count)


cdef inline bint changed(int64_t told_bps, int64_t bps) noexcept nogil:
    return max(bps - told_bps, told_bps - bps) * 100 > told_bps * 3


cdef void tell(
        Worker* worker, Transport* transport, int64_t bps, const uint32_t* ssrcs,
        int count) noexcept nogil:
    cdef Compound compound
    compound.size = rtcp_write_rr(compound.data, transport.ssrc, NULL, 0)
    compound.size += rtcp_write_remb(
        compound.data + compound.size, transport.ssrc, bps, ssrcs, count)
    compound_send(worker, transport, &compound)


cdef int64_t demand_of(const InboundStream* stream) noexcept nogil:
    cdef int64_t most = 0, room
    cdef int i
    if stream.lower != NULL or stream.higher != NULL:
        return DEMAND_MOST_BPS
    for i in range(stream.outbound_count):
        if not stream.outbound[i].paused:
            room = stream.outbound[i].room_bps
            most = max(most, room if room else <int64_t>DEMAND_MOST_BPS)
    for i in range(stream.tap_count):
        if stream.taps[i].wanted:
            room = stream.taps[i].demand_bps
            most = max(most, room if room else <int64_t>DEMAND_MOST_BPS)
    if most == 0:
        return DEMAND_MOST_BPS    # nobody watches
    return max(<int64_t>DEMAND_LEAST_BPS, min(most, <int64_t>DEMAND_MOST_BPS))


cdef void demand_pass_on(Worker* worker, InboundStream* replica) noexcept nogil:
    cdef int64_t bps
    if worker.now_us < replica.demand_due_us:
        return
    replica.demand_due_us = worker.now_us + DEMAND_APART_US
    bps = demand_of(replica)
    if changed(replica.demand_bps, bps) and link_demand(worker, replica, bps):
        replica.demand_bps = bps
