"""Packets sent again; see repeat.pxd."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastsfu._native.base.pool cimport buffer_hold
from fastsfu._native.bwe.pacer cimport pacer_charge
from fastsfu._native.forwarding.lay cimport (
    lay_again, lay_empty, lay_end, lay_message, lay_rtx, lay_size,
)
from fastsfu._native.media.history cimport history_get, history_gone
from fastsfu._native.media.layering cimport layering_filled
from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.repeats cimport repeats_afford, repeats_allow, repeats_new
from fastsfu._native.media.rewrite cimport rewrite_find, rewrite_map
from fastsfu._native.media.stream cimport NO_PT, MediaKind, OutboundState
from fastsfu._native.peer.egress cimport egress_keep
from fastsfu._native.peer.transport cimport Transport

cdef enum:
    RANDOM_LOSS_TO = 38           # of 256 packets, by its reports


cdef void repeat_packet(Worker* worker, OutboundStream* receiver, uint16_t seq) noexcept nogil:
    cdef Transport* transport = <Transport*>receiver.transport
    cdef MediaPacket* packet
    cdef int64_t ext_seq, index
    cdef uint32_t ts
    if receiver.source == NULL or receiver.source.kind != MediaKind.VIDEO:
        return
    if receiver.state != OutboundState.FLOWING:       # it starts anew at a keyframe
        return
    if not rewrite_find(&receiver.rewrite, seq, &ext_seq, &index):
        return
    packet = history_get(&receiver.source.history, ext_seq, worker.now_us)
    if packet == NULL or receiver.pt_of[packet.header.pt] == NO_PT:
        return
    if not rewrite_map(
            &receiver.rewrite, ext_seq, packet.header.ts, worker.now_us, &index, &ts):
        return
    if not may_repeat(worker, transport, receiver, seq, packet.payload_size):
        return
    lay_message(worker, transport, lay_size(packet), 1)
    if receiver.layering != NULL and layering_filled(receiver.layering, index):
        lay_empty(worker, transport, receiver, index, ts, receiver.pt_of[packet.header.pt])
    elif receiver.rtx_ssrc and receiver.rtx_pt_of[packet.header.pt] != NO_PT:
        lay_rtx(worker, transport, receiver, packet, seq, ts)
        if repeat_loses_at_random(worker, receiver) and repeats_afford(
                &transport.share.repeats, packet.payload_size,
                <int64_t>transport.stats.estimate_bps, worker.now_us):
            lay_end(worker)
            lay_message(worker, transport, lay_size(packet), 1)
            lay_rtx(worker, transport, receiver, packet, seq, ts)
    # Of a receiver of some layers other bytes may have gone under this number: see lay_empty.
    elif receiver.layering == NULL and not waits(transport, receiver) and lay_again(
            worker, transport, receiver, packet, index, ts, receiver.pt_of[packet.header.pt], 0):
        buffer_hold(packet.buffer)
        egress_keep(&worker.egress, &worker.udp, packet.buffer)
    else:
        lay_end(worker)
        return
    lay_end(worker)
    receiver.stats.retransmitted += 1
    if transport.pacer != NULL:
        pacer_charge(transport.pacer, packet.payload_size, worker.now_us)


cdef bint repeat_too_late(const OutboundStream* receiver, uint16_t seq) noexcept nogil:
    cdef int64_t ext_seq, index
    if receiver.source == NULL or receiver.source.kind != MediaKind.VIDEO:
        return False
    return (
        rewrite_find(&receiver.rewrite, seq, &ext_seq, &index) and index >= receiver.given_up
        and history_gone(&receiver.source.history, ext_seq))


cdef inline bint waits(const Transport* transport, const OutboundStream* receiver) noexcept nogil:
    """A packet that waits has no transport-wide number yet, so it cannot be sent as a repeat."""
    return receiver.numbered and transport.pacer != NULL and transport.pacer.count > 0


cdef bint repeat_loses_at_random(
        const Worker* worker, const OutboundStream* receiver) noexcept nogil:
    return (
        worker.now_us < receiver.redundant_until_us
        and receiver.stats.fraction_lost <= RANDOM_LOSS_TO)


cdef bint may_repeat(
        const Worker* worker, Transport* transport, OutboundStream* receiver, uint16_t seq,
        uint32_t size) noexcept nogil:
    """A receiver that asks for everything again must cost neither the others nor itself."""
    if receiver.repeats == NULL:
        receiver.repeats = repeats_new()
        if receiver.repeats == NULL:
            return False
    return repeats_allow(
        receiver.repeats, &transport.share.repeats, seq, size, transport.rtt_us,
        <int64_t>transport.stats.estimate_bps, worker.now_us)
