"""Packets sent again; see repeat.pxd."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastsfu._native.base.pool cimport buffer_hold
from fastsfu._native.bwe.estimator cimport estimator_overflows
from fastsfu._native.bwe.pacer cimport pacer_charge
from fastsfu._native.bwe.sent cimport Sent, sent_find
from fastsfu._native.forwarding.estimate cimport estimate_spills
from fastsfu._native.forwarding.lay cimport (
    lay_again, lay_empty, lay_end, lay_message, lay_rtx, lay_size,
)
from fastsfu._native.media.history cimport history_get, history_gone
from fastsfu._native.media.layering cimport layering_filled
from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.repeats cimport (
    REPEATS_MANY, Owed, Repeats, repeats_afford, repeats_allow, repeats_new, repeats_owe,
    repeats_settle, repeats_vain,
)
from fastsfu._native.media.rewrite cimport rewrite_find, rewrite_map
from fastsfu._native.media.stream cimport NO_PT, MediaKind, OutboundState
from fastsfu._native.peer.egress cimport egress_keep
from fastsfu._native.peer.transport cimport Transport

cdef enum:
    RANDOM_LOSS_TO = 38           # of 256 packets, by its reports


cdef void repeat_packet(Worker* worker, OutboundStream* receiver, uint16_t seq) noexcept nogil:
    again(worker, receiver, seq, (<const Transport*>receiver.transport).rtt_us)


cdef bint again(
        Worker* worker, OutboundStream* receiver, uint16_t seq, uint32_t rtt_us) noexcept nogil:
    """False: it can never be had again."""
    cdef Transport* transport = <Transport*>receiver.transport
    cdef MediaPacket* packet
    cdef int64_t ext_seq, index
    cdef uint32_t ts
    cdef bint sent
    if receiver.source == NULL or receiver.source.kind != MediaKind.VIDEO:
        return False
    if receiver.state != OutboundState.FLOWING:       # it starts anew at a keyframe
        return False
    if not rewrite_find(&receiver.rewrite, seq, &ext_seq, &index):
        return False
    packet = history_get(&receiver.source.history, ext_seq, worker.now_us)
    if packet == NULL or receiver.pt_of[packet.header.pt] == NO_PT:
        return False
    if not rewrite_map(
            &receiver.rewrite, ext_seq, packet.header.ts, worker.now_us, &index, &ts):
        return False
    sent = may_repeat(
        worker, transport, receiver, seq, packet, rtt_us
    ) and send(worker, transport, receiver, packet, index, ts)
    if receiver.repeats != NULL and forgets(receiver, packet):
        owe(transport, receiver.repeats, seq, sent)
    return True


cdef bint send(
        Worker* worker, Transport* transport, OutboundStream* receiver, MediaPacket* packet,
        int64_t index, uint32_t ts) noexcept nogil:
    """False: it cannot be sent now."""
    cdef uint16_t seq = <uint16_t>index
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
        return False
    lay_end(worker)
    receiver.stats.retransmitted += 1
    if transport.pacer != NULL:
        pacer_charge(transport.pacer, packet.payload_size, worker.now_us)
    return True


cdef inline bint forgets(
        const OutboundStream* receiver, const MediaPacket* packet) noexcept nogil:
    """libwebrtc asks no more for what is missing below the newest frame whose references came, and
    those of a lower spatial layer may all have come. But it decodes no later picture before the one
    that they refer to is whole.
    """
    return receiver.numbered and receiver.rtx_ssrc != 0 and packet.layers.spatial > 0 and (
        packet.layers.temporal == 0)


cdef inline void owe(
        const Transport* transport, Repeats* repeats, uint16_t seq, bint sent) noexcept nogil:
    cdef Owed* owed = repeats_owe(repeats, seq)
    if owed != NULL and sent:
        owed.number = transport.estimator.log.next - 1
        owed.tries += owed.tries < REPEATS_MANY


cdef bint repeat_owed(Worker* worker, OutboundStream* receiver) noexcept nogil:
    cdef const Transport* transport = <const Transport*>receiver.transport
    cdef Repeats* repeats = receiver.repeats
    cdef const Owed* owed
    cdef const Sent* sent
    cdef bint vain = False
    cdef int i = repeats.owed_count - 1 if repeats != NULL else -1
    while i >= 0:
        owed = &repeats.owed[i]
        sent = sent_find(transport.estimator.log, owed.number) if owed.tries else NULL
        if owed.tries and sent == NULL:               # it has arrived
            repeats_settle(repeats, i)
        elif owed.tries == REPEATS_MANY and sent.lost:
            repeats_settle(repeats, i)
            vain = True
        elif (owed.tries == 0 or sent.lost) and not again(worker, receiver, owed.seq, 0):
            vain = vain or repeat_too_late(receiver, owed.seq)
            repeats_settle(repeats, i)
        i -= 1
    return vain


cdef bint repeat_too_late(const OutboundStream* receiver, uint16_t seq) noexcept nogil:
    cdef int64_t ext_seq, index
    if receiver.source == NULL or receiver.source.kind != MediaKind.VIDEO:
        return False
    return (
        rewrite_find(&receiver.rewrite, seq, &ext_seq, &index) and index >= receiver.given_up
        and (history_gone(&receiver.source.history, ext_seq)
             or (receiver.repeats != NULL and repeats_vain(receiver.repeats, seq))))


cdef inline bint waits(const Transport* transport, const OutboundStream* receiver) noexcept nogil:
    """A packet that waits has no transport-wide number yet, so it cannot be sent as a repeat."""
    return receiver.numbered and transport.pacer != NULL and transport.pacer.count > 0


cdef bint repeat_loses_at_random(
        const Worker* worker, const OutboundStream* receiver) noexcept nogil:
    return (
        worker.now_us < receiver.redundant_until_us
        and receiver.stats.fraction_lost <= RANDOM_LOSS_TO
        and not estimate_spills(worker, <const Transport*>receiver.transport))


cdef bint may_repeat(
        const Worker* worker, Transport* transport, OutboundStream* receiver, uint16_t seq,
        const MediaPacket* packet, uint32_t rtt_us) noexcept nogil:
    """A receiver that asks for everything again must cost neither the others nor itself. While its
    link's queue overflows the place is for what all later pictures refer to.
    """
    if receiver.repeats == NULL:
        receiver.repeats = repeats_new()
        if receiver.repeats == NULL:
            return False
    if packet.layers.temporal > 0 and transport.estimator != NULL and estimator_overflows(
            transport.estimator):
        return False
    return repeats_allow(
        receiver.repeats, &transport.share.repeats, seq, packet.payload_size, rtt_us,
        <int64_t>transport.stats.estimate_bps, worker.now_us)
