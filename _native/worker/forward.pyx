"""Gather a frame, then the loop over its receivers; see forward.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from fastsfu._native.base.pool cimport buffer_release
from fastsfu._native.base.wire cimport write_u16, write_u32
from fastsfu._native.crypto.srtp cimport SRTP_MAX_OVERHEAD
from fastsfu._native.media.history cimport history_get, history_put
from fastsfu._native.media.packet cimport NO_LEVEL, MediaPacket, Run
from fastsfu._native.media.rewrite cimport (
    rewrite_elapsed, rewrite_find, rewrite_map, rewrite_start,
)
from fastsfu._native.media.stream cimport (
    FRAME_CAPACITY, NO_PT, InboundStream, MediaKind, OutboundState, OutboundStream, has_receivers,
)
from fastsfu._native.net.udp cimport GSO_MAX_BYTES, SocketAddress
from fastsfu._native.packet.rtp cimport (
    RTP_FIXED_SIZE, RTP_ONE_BYTE_PROFILE, RTP_TWO_BYTE_PROFILE, ExtensionKind,
)
from fastsfu._native.peer.transport cimport Transport
from fastsfu._native.worker.egress cimport egress_end, egress_keep, egress_message, egress_packet
from fastsfu._native.worker.link cimport link_frame
from fastsfu._native.worker.state cimport (
    MESSAGES_FORWARDED, PACKETS_FORWARDED, PADDING_BYTES, Worker,
)

cdef enum:
    # profile, length, one element of one byte padded to a word (RFC 8285)
    EXTENSION_BYTES = 8
    MAX_HEADER = RTP_FIXED_SIZE + EXTENSION_BYTES


cdef void forward_packet(
        Worker* worker, InboundStream* stream, const MediaPacket* packet) noexcept nogil:
    cdef bint late = stream.kind == MediaKind.VIDEO and packet.ext_seq < stream.last_ext_seq
    if not has_receivers(stream):
        buffer_release(packet.buffer)
        return
    if stream.kind == MediaKind.AUDIO or late:
        # A recovered packet goes by itself: its frame has left.
        fan_out(worker, stream, <MediaPacket*>packet, 1)
        return
    if stream.frame_count and (
            stream.frame[0].header.ts != packet.header.ts or stream.frame_count == FRAME_CAPACITY):
        forward_frame(worker, stream)
    if stream.frame_count == 0:
        stream.frame_deadline_us = worker.now_us + worker.hold_us
        worker.gathering[worker.gathering_count] = stream
        worker.gathering_count += 1
    stream.frame[stream.frame_count] = packet[0]
    stream.frame_count += 1
    if packet.header.marker or not worker.udp.gso or worker.hold_us == 0:
        forward_frame(worker, stream)


cdef void forward_frame(Worker* worker, InboundStream* stream) noexcept nogil:
    cdef int count = stream.frame_count
    if count == 0:
        return
    forward_forget(worker, stream)
    stream.frame_count = 0
    fan_out(worker, stream, stream.frame, count)


cdef void forward_due(Worker* worker) noexcept nogil:
    cdef int i = worker.gathering_count - 1
    while i >= 0:                 # forward_frame moves the last one into the gap
        if worker.gathering[i].frame_deadline_us <= worker.now_us:
            forward_frame(worker, worker.gathering[i])
        i -= 1


cdef void forward_forget(Worker* worker, InboundStream* stream) noexcept nogil:
    cdef int i
    for i in range(worker.gathering_count):
        if worker.gathering[i] == stream:
            worker.gathering_count -= 1
            worker.gathering[i] = worker.gathering[worker.gathering_count]
            return


cdef void fan_out(
        Worker* worker, InboundStream* stream, MediaPacket* packets, int count) noexcept nogil:
    """Every receiver gets these packets, in order. Takes over the holds of their buffers."""
    cdef Run runs[FRAME_CAPACITY]
    cdef int run_count = equalise(worker, packets, count, runs)
    if stream.tap_count:
        link_frame(worker, stream, packets, count, runs, run_count)
    forward_linked(worker, stream, packets, count, runs, run_count)


cdef void forward_linked(
        Worker* worker, InboundStream* stream, const MediaPacket* packets, int count,
        const Run* runs, int run_count) noexcept nogil:
    cdef int i, k, first
    cdef OutboundStream* receiver
    for i in range(stream.outbound_count):
        receiver = stream.outbound[i]
        first = first_packet(worker, stream, receiver, packets, count)
        for k in range(run_count):
            if runs[k].end > first:
                send_run(worker, receiver, packets, max(runs[k].begin, first), runs[k].end)
    for i in range(count):
        if stream.kind == MediaKind.VIDEO and stream.outbound_count:
            history_put(&stream.history, &packets[i], worker.now_us)
        egress_keep(&worker.egress, &worker.udp, packets[i].buffer)


cdef int equalise(Worker* worker, MediaPacket* packets, int count, Run* runs) noexcept nogil:
    """Cut a frame into runs whose packets are equal after at most MAX_PADDING bytes each; the last
    may be smaller.

    The padding is written behind the shared payload, so a packet has one plaintext, whoever
    receives it and however often.
    """
    cdef int run_count = 0, begin = 0, end, i
    cdef uint16_t top
    while begin < count:
        end = run_end(packets, begin, count, &top)
        for i in range(begin, end - 1):
            pad(worker, &packets[i], top)
        if packets[end - 1].payload_size + MAX_PADDING >= top:
            pad(worker, &packets[end - 1], top)
        runs[run_count].begin = begin
        runs[run_count].end = end
        run_count += 1
        begin = end
    return run_count


cdef int run_end(const MediaPacket* packets, int begin, int count, uint16_t* top) noexcept nogil:
    """Where the run that begins here ends, and the payload size of its packets after padding."""
    cdef uint16_t size, low = packets[begin].payload_size, high = packets[begin].payload_size
    cdef int end = begin + 1
    while end < count:
        size = packets[end].payload_size
        if (end + 1 - begin) * (MAX_HEADER + max(high, size) + SRTP_MAX_OVERHEAD) > GSO_MAX_BYTES:
            break
        if max(high, size) - min(low, size) <= MAX_PADDING:
            low = min(low, size)
            high = max(high, size)
            end += 1
            continue
        if size < low:
            end += 1              # a smaller one may end the message
        break
    top[0] = high
    return end


cdef inline void pad(Worker* worker, MediaPacket* packet, uint16_t top) noexcept nogil:
    cdef uint8_t* tail = packet.buffer.data + packet.header.header_size + packet.payload_size
    packet.padding = <uint8_t>(top - packet.payload_size)
    if packet.padding:
        memset(tail, 0, packet.padding)
        tail[packet.padding - 1] = packet.padding     # RFC 3550 section 5.1
        worker.counters[PADDING_BYTES] += packet.padding


cdef int first_packet(
        Worker* worker, InboundStream* stream, OutboundStream* receiver, const MediaPacket* packets,
        int count) noexcept nogil:
    """Index of the first of these packets that goes to this receiver; `count`: none does."""
    cdef Transport* transport = <Transport*>receiver.transport
    cdef int i
    if transport.destination == NULL or not transport.keyed or transport.expired:
        return count
    if receiver.state == OutboundState.FLOWING:
        return 0
    if receiver.state == OutboundState.PAUSED:
        return count
    for i in range(count):
        if packets[i].keyframe and receiver.pt_of[packets[i].header.pt] != NO_PT:
            rewrite_start(
                &receiver.rewrite, packets[i].ext_seq,
                receiver.rewrite.ts_offset if receiver.resumes else rewrite_elapsed(
                    &receiver.rewrite, packets[i].header.ts, stream.clock_rate, worker.now_us))
            receiver.state = OutboundState.FLOWING
            receiver.stats.state = OutboundState.FLOWING
            receiver.resumes = True
            stream.waiting -= 1
            return i
    return count


cdef void send_run(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int begin,
        int end) noexcept nogil:
    cdef Transport* transport = <Transport*>receiver.transport
    cdef const MediaPacket* packet
    cdef uint32_t largest = (
        MAX_HEADER + packets[begin].payload_size + MAX_PADDING + SRTP_MAX_OVERHEAD)
    cdef uint8_t pt
    cdef uint32_t ts
    cdef int64_t index
    cdef int i, sent = 0
    egress_message(
        &worker.egress, &worker.udp, <const SocketAddress*>transport.destination, end - begin,
        (end - begin) * largest)
    for i in range(begin, end):
        packet = &packets[i]
        pt = receiver.pt_of[packet.header.pt]
        if pt == NO_PT or not rewrite_map(
                &receiver.rewrite, packet.ext_seq, packet.header.ts, worker.now_us, &index, &ts):
            continue
        emit(worker, transport, receiver, packet, index, ts, pt)
        receiver.stats.bytes += packet.payload_size
        sent += 1
    egress_end(&worker.egress)
    receiver.stats.packets += sent
    receiver.stats.last_packet_us = worker.now_us
    worker.counters[PACKETS_FORWARDED] += sent
    worker.counters[MESSAGES_FORWARDED] += sent > 0


cdef inline void emit(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        int64_t index, uint32_t ts, uint8_t pt) noexcept nogil:
    """Lay out one packet of the stream. The same packet and index always give the same bytes (one
    nonce, one plaintext).
    """
    cdef uint16_t header_size = header_bytes(transport, packet)
    cdef uint8_t* out = egress_packet(
        &worker.egress, &transport.send, index, header_size,
        packet.buffer.data + packet.header.header_size, packet.payload_size + packet.padding)
    write_header(out, transport, packet, <uint16_t>index, ts, receiver.ssrc, pt)
    out[0] |= 0x20 if packet.padding else 0


cdef inline uint8_t level_id(const Transport* transport, const MediaPacket* packet) noexcept nogil:
    """The header extension's id towards this receiver; 0: the packet goes without."""
    if packet.level == NO_LEVEL:
        return 0
    return transport.id_of_kind[<int>ExtensionKind.EXT_AUDIO_LEVEL]


cdef inline uint16_t header_bytes(
        const Transport* transport, const MediaPacket* packet) noexcept nogil:
    return RTP_FIXED_SIZE + EXTENSION_BYTES if level_id(transport, packet) else RTP_FIXED_SIZE


cdef inline void write_header(
        uint8_t* out, const Transport* transport, const MediaPacket* packet, uint16_t seq,
        uint32_t ts,
        uint32_t ssrc, uint8_t pt) noexcept nogil:
    cdef uint8_t id = level_id(transport, packet)
    out[0] = 0x90 if id else 0x80
    out[1] = (0x80 if packet.header.marker else 0) | pt
    write_u16(out + 2, seq)
    write_u32(out + 4, ts)
    write_u32(out + 8, ssrc)
    if id == 0:
        return
    # RFC 8285: ids to 14 in the one-byte form, above in the two-byte form; one word either way.
    write_u16(out + 12, RTP_ONE_BYTE_PROFILE if id <= 14 else RTP_TWO_BYTE_PROFILE)
    write_u16(out + 14, 1)
    if id <= 14:
        write_u32(out + 16, (<uint32_t>id << 28) | (<uint32_t>packet.level << 16))
    else:
        write_u32(out + 16, (<uint32_t>id << 24) | (1 << 16) | (<uint32_t>packet.level << 8))


cdef void forward_again(Worker* worker, OutboundStream* receiver, uint16_t seq) noexcept nogil:
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
    egress_message(
        &worker.egress, &worker.udp, <const SocketAddress*>transport.destination, 1,
        MAX_HEADER + 2 + packet.payload_size + MAX_PADDING + SRTP_MAX_OVERHEAD)
    if receiver.rtx_ssrc and receiver.rtx_pt_of[packet.header.pt] != NO_PT:
        emit_rtx(worker, transport, receiver, packet, seq, ts)
    else:
        emit(worker, transport, receiver, packet, index, ts, receiver.pt_of[packet.header.pt])
        packet.buffer.refs += 1
        egress_keep(&worker.egress, &worker.udp, packet.buffer)
    receiver.stats.retransmitted += 1


cdef inline bint may_repeat(OutboundStream* receiver, int64_t now_us) noexcept nogil:
    """A receiver that asks for everything again must not cost the others."""
    if now_us - receiver.repeats_window_us > REPEATS_WINDOW_US:
        receiver.repeats_window_us = now_us
        receiver.repeats = 0
    receiver.repeats += 1
    return receiver.repeats <= MAX_REPEATS


cdef void emit_rtx(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        uint16_t seq, uint32_t ts) noexcept nogil:
    """RFC 4588 section 4: the original sequence number, then the payload, in a stream of its own.
    """
    cdef uint16_t header_size = header_bytes(transport, packet)
    cdef int64_t index = receiver.rtx_index
    cdef uint8_t* out = egress_packet(
        &worker.egress, &transport.send, index, header_size, NULL, packet.payload_size + 2)
    cdef uint8_t* payload = out + header_size
    receiver.rtx_index += 1
    worker.egress.jobs[worker.egress.job_count - 1].payload = payload
    write_header(
        out, transport, packet, <uint16_t>index, ts, receiver.rtx_ssrc,
        receiver.rtx_pt_of[packet.header.pt])
    write_u16(payload, seq)
    memcpy(payload + 2, packet.buffer.data + packet.header.header_size, packet.payload_size)
