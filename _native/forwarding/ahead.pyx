"""See ahead.pxd."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastsfu._native.bwe.pacer cimport Pacer
from fastsfu._native.forwarding.lay cimport lay_end, lay_message, lay_rtx, lay_size
from fastsfu._native.forwarding.repeat cimport repeat_loses_at_random
from fastsfu._native.media.history cimport history_get
from fastsfu._native.media.layering cimport layering_filled
from fastsfu._native.media.repeats cimport repeats_spare
from fastsfu._native.media.rewrite cimport rewrite_map
from fastsfu._native.media.stream cimport NO_PT, MediaKind, OutboundState
from fastsfu._native.packet.layers cimport layers_wanted
from fastsfu._native.peer.transport cimport Transport

cdef enum:
    # Above it an asked repeat comes so late that libwebrtc counts a freeze: 150 ms more than the
    # time between two pictures. While unknown it is taken for just that much.
    FAR_US = 100000


cdef void ahead_choose(const Worker* worker, OutboundStream* receiver) noexcept nogil:
    cdef const Transport* transport = <const Transport*>receiver.transport
    receiver.ahead = (
        receiver.source != NULL and receiver.source.kind == MediaKind.VIDEO
        and receiver.rtx_ssrc != 0 and transport.rtt_us > FAR_US
        and repeat_loses_at_random(worker, receiver))


cdef void ahead_send(
        Worker* worker, InboundStream* stream, const MediaPacket* packets,
        int count) noexcept nogil:
    cdef OutboundStream* receiver
    cdef int64_t ext_seq
    cdef int i
    if stream.base_end > stream.history.newest + 1:       # of the SSRC before
        stream.base_begin = stream.base_end = 0
    if packets[0].ext_seq < stream.base_end:              # late
        return
    if packets[0].header.ts != stream.base_ts:
        for i in range(stream.outbound_count):
            receiver = stream.outbound[i]
            if receiver.ahead and receiver.source == stream and has_room(worker, receiver):
                for ext_seq in range(
                        max(stream.base_begin, stream.history.oldest), stream.base_end):
                    send(worker, receiver, ext_seq)
        stream.base_begin = stream.base_end = packets[0].ext_seq
        stream.base_ts = packets[0].header.ts
    if stream.points.count > 1 and packets[0].layers.temporal == 0:
        stream.base_end = packets[count - 1].ext_seq + 1


cdef inline bint has_room(
        const Worker* worker, const OutboundStream* receiver) noexcept nogil:
    cdef const Transport* transport = <const Transport*>receiver.transport
    cdef const Pacer* pacer = transport.pacer
    if transport.destination == NULL or transport.expired:
        return False
    if worker.now_us >= receiver.redundant_until_us:
        return False
    return pacer == NULL or (pacer.rate_bps <= 0 and pacer.count == 0)


cdef void send(Worker* worker, OutboundStream* receiver, int64_t ext_seq) noexcept nogil:
    cdef Transport* transport = <Transport*>receiver.transport
    cdef MediaPacket* packet = history_get(&receiver.source.history, ext_seq, worker.now_us)
    cdef int64_t index
    cdef uint32_t ts
    if packet == NULL or receiver.state != OutboundState.FLOWING or receiver.repeats == NULL:
        return
    if receiver.rtx_pt_of[packet.header.pt] == NO_PT:
        return
    if receiver.layering != NULL and not layers_wanted(
            &packet.layers, receiver.layering.spatial, receiver.layering.temporal):
        return
    if not rewrite_map(
            &receiver.rewrite, ext_seq, packet.header.ts, worker.now_us, &index, &ts):
        return
    if receiver.layering != NULL and layering_filled(receiver.layering, index):
        return
    if not repeats_spare(
            &transport.share.repeats, packet.payload_size,
            <int64_t>transport.stats.estimate_bps, worker.now_us):
        return
    lay_message(worker, transport, lay_size(packet), 1)
    lay_rtx(worker, transport, receiver, packet, <uint16_t>index, ts)
    lay_end(worker)
    receiver.stats.retransmitted += 1
