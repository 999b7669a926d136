"""The loop over a stream's receivers; see forward.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.forwarding.ahead cimport ahead_send
from fastsfu._native.forwarding.counters cimport MESSAGES_FORWARDED, PACKETS_FORWARDED
from fastsfu._native.forwarding.event cimport EVENT_BEGUN
from fastsfu._native.forwarding.lay cimport (
    lay_end, lay_layers, lay_message, lay_packet, lay_redundancy, lay_size,
)
from fastsfu._native.forwarding.pacing cimport pacing_admit
from fastsfu._native.forwarding.state cimport emit_event
from fastsfu._native.media.history cimport history_put
from fastsfu._native.media.receivers cimport outbound_start, outbound_switch
from fastsfu._native.media.rewrite cimport rewrite_map
from fastsfu._native.media.stream cimport NO_PT, MediaKind, OutboundState, OutboundStream
from fastsfu._native.peer.egress cimport egress_keep
from fastsfu._native.peer.transport cimport Transport


cdef void fan_out(
        Worker* worker, InboundStream* stream, const MediaPacket* packets, int count,
        const Run* runs, int run_count) noexcept nogil:
    cdef int i, k, first, end
    cdef bint ahead = False
    cdef OutboundStream* receiver
    for i in range(stream.outbound_count):
        receiver = stream.outbound[i]
        if receiver.source != stream and not switches(receiver, packets, count):
            continue              # it flows from elsewhere, and waits here for a keyframe
        first = first_packet(receiver, packets, count)
        if first == count:
            continue
        if receiver.state != OutboundState.FLOWING:
            begin(worker, receiver, &packets[first])
        end = count
        if (<const Transport*>receiver.transport).pacer != NULL:
            end = pacing_admit(worker, receiver, packets, first, count)
        for k in range(run_count):
            send_part(
                worker, receiver, packets, max(runs[k].begin, first), min(runs[k].end, end))
        ahead = ahead or receiver.ahead
    for i in range(count):
        if stream.kind == MediaKind.VIDEO and stream.outbound_count:
            history_put(&stream.history, &packets[i], worker.now_us)
        egress_keep(&worker.egress, &worker.udp, packets[i].buffer)
    if ahead:
        ahead_send(worker, stream, packets, count)


cdef inline bint reachable(const OutboundStream* receiver) noexcept nogil:
    cdef const Transport* transport = <const Transport*>receiver.transport
    return transport.destination != NULL and transport.keyed and not transport.expired


cdef bint switches(
        OutboundStream* receiver, const MediaPacket* packets, int count) noexcept nogil:
    """Let it come here, if a keyframe begins in these packets."""
    cdef int i
    for i in range(count if reachable(receiver) else 0):
        if packets[i].keyframe and receiver.pt_of[packets[i].header.pt] != NO_PT:
            outbound_switch(receiver)
            return True
    return False


cdef int first_packet(
        const OutboundStream* receiver, const MediaPacket* packets, int count) noexcept nogil:
    """Index of the first of these packets that goes to this receiver; `count`: none does."""
    cdef int i
    if not reachable(receiver):
        return count
    if receiver.state == OutboundState.FLOWING:
        return 0
    if receiver.state == OutboundState.PAUSED:
        return count
    for i in range(count):
        if packets[i].keyframe and receiver.pt_of[packets[i].header.pt] != NO_PT:
            return i
    return count


cdef bint may_lose(const OutboundStream* voice, int64_t now_us) noexcept nogil:
    """Nobody knows yet what the way to its receiver loses, or it does lose, as other voices tell.
    So of many that begin at once one says all again: eight would take half a megabit a second.
    """
    cdef const Transport* transport = <const Transport*>voice.transport
    cdef const OutboundStream* other
    cdef bint known = False
    cdef int i
    for i in range(transport.outbound_count):
        other = transport.outbound[i]
        if (other == voice or other.state != OutboundState.FLOWING or other.source == NULL
                or other.source.kind != MediaKind.AUDIO):
            continue
        if other.stats.fraction_lost and now_us < other.redundant_until_us:
            return True
        known = True
    return not known


cdef void begin(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packet) noexcept nogil:
    outbound_start(receiver, packet, worker.now_us)
    if receiver.source.kind == MediaKind.AUDIO and not may_lose(receiver, worker.now_us):
        receiver.redundant_until_us = 0
    if receiver.source.kind == MediaKind.VIDEO and not receiver.told_begun:
        receiver.told_begun = emit_event(worker, EVENT_BEGUN, receiver.handle)


cdef inline void send_part(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int begin,
        int end) noexcept nogil:
    if begin >= end:
        return
    if receiver.layering != NULL:
        send_layers(worker, receiver, packets, begin, end)
    else:
        send_run(worker, receiver, packets, begin, end)


cdef void send_run(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int begin,
        int end) noexcept nogil:
    cdef Transport* transport = <Transport*>receiver.transport
    cdef const MediaPacket* packet
    cdef uint16_t redundancy
    cdef uint8_t pt
    cdef uint32_t ts
    cdef int64_t index
    cdef int i, sent = 0
    lay_message(worker, transport, lay_size(&packets[begin]), end - begin)
    for i in range(begin, end):
        packet = &packets[i]
        pt = receiver.pt_of[packet.header.pt]
        if pt == NO_PT or not rewrite_map(
                &receiver.rewrite, packet.ext_seq, packet.header.ts, worker.now_us, &index, &ts):
            continue
        redundancy = lay_redundancy(receiver, packet, worker.now_us)
        if redundancy:
            pt = receiver.pt_of[packet.red_pt]
        lay_packet(worker, transport, receiver, packet, index, ts, pt, redundancy)
        receiver.stats.bytes += redundancy + packet.payload_size
        sent += 1
    lay_end(worker)
    sent_run(worker, receiver, sent)


cdef inline void sent_run(Worker* worker, OutboundStream* receiver, int sent) noexcept nogil:
    receiver.stats.packets += sent
    receiver.stats.last_packet_us = worker.now_us
    worker.counters[PACKETS_FORWARDED] += sent
    worker.counters[MESSAGES_FORWARDED] += sent > 0


cdef void send_layers(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int begin,
        int end) noexcept nogil:
    """As send_run, to a receiver that gets some layers alone, or has switched: what is left of a
    run still has one size but for its last.
    """
    cdef Transport* transport = <Transport*>receiver.transport
    cdef int i, sent = 0
    lay_message(worker, transport, lay_size(&packets[begin]), end - begin)
    for i in range(begin, end):
        if lay_layers(worker, transport, receiver, &packets[i], end - begin == 1):
            receiver.stats.bytes += packets[i].payload_size
            sent += 1
    lay_end(worker)
    sent_run(worker, receiver, sent)
