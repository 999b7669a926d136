"""Packets sent again; see repeat.pxd."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastsfu._native.base.pool cimport buffer_hold
from fastsfu._native.media.history cimport history_get
from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.rewrite cimport rewrite_find, rewrite_map
from fastsfu._native.media.stream cimport NO_PT, MediaKind
from fastsfu._native.peer.transport cimport Transport
from fastsfu._native.worker.egress cimport egress_keep
from fastsfu._native.worker.lay cimport lay_end, lay_message, lay_packet, lay_rtx


cdef void repeat_packet(Worker* worker, OutboundStream* receiver, uint16_t seq) noexcept nogil:
    cdef Transport* transport = <Transport*>receiver.transport
    cdef MediaPacket* packet
    cdef int64_t ext_seq, index
    cdef uint32_t ts
    if receiver.source == NULL or receiver.source.kind != MediaKind.VIDEO:
        return
    if not may_repeat(receiver, worker.now_us):
        return
    if not rewrite_find(&receiver.rewrite, seq, &ext_seq, &index):
        return
    packet = history_get(&receiver.source.history, ext_seq, worker.now_us)
    if packet == NULL or receiver.pt_of[packet.header.pt] == NO_PT:
        return
    if not rewrite_map(
            &receiver.rewrite, ext_seq, packet.header.ts, worker.now_us, &index, &ts):
        return
    lay_message(worker, transport, packet.payload_size, 1)
    if receiver.rtx_ssrc and receiver.rtx_pt_of[packet.header.pt] != NO_PT:
        lay_rtx(worker, transport, receiver, packet, seq, ts)
        lay_end(worker)
    else:
        lay_packet(
            worker, transport, receiver, packet, index, ts, receiver.pt_of[packet.header.pt], 0)
        lay_end(worker)
        buffer_hold(packet.buffer)
        egress_keep(&worker.egress, &worker.udp, packet.buffer)
    receiver.stats.retransmitted += 1


cdef inline bint may_repeat(OutboundStream* receiver, int64_t now_us) noexcept nogil:
    """A receiver that asks for everything again must not cost the others."""
    if now_us - receiver.repeats_window_us > REPEATS_WINDOW_US:
        receiver.repeats_window_us = now_us
        receiver.repeats = 0
    receiver.repeats += 1
    return receiver.repeats <= MAX_REPEATS
