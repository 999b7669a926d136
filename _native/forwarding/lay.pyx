"""Packets laid out for their receivers; see lay.pxd."""

from libc.string cimport memcpy, memset

from fastsfu._native.base.wire cimport write_u16, write_u32
from fastsfu._native.bwe.estimator cimport estimator_sends
from fastsfu._native.bwe.sent cimport SENT_OVERHEAD
from fastsfu._native.media.keyframe cimport (
    KEYFRAME_INTERVAL_US, keyframe_granted, want_keyframe,
)
from fastsfu._native.media.layering cimport (
    layering_ends, layering_fill, layering_number, layering_skip, layering_takes, layering_write,
)
from fastsfu._native.media.numbering cimport SKIP_HOLE
from fastsfu._native.media.packet cimport NO_LEVEL
from fastsfu._native.media.repeats cimport NUMBERS_KEPT, Numbered
from fastsfu._native.media.rewrite cimport rewrite_map, rewrite_skip
from fastsfu._native.media.stream cimport NO_PT, InboundStream
from fastsfu._native.packet.vp8 cimport Vp8Descriptor
from fastsfu._native.peer.egress cimport (
    EGRESS_MESSAGES, egress_end, egress_fit, egress_flush, egress_in_place, egress_message,
    egress_packet,
)
from fastsfu._native.peer.extensions cimport (
    NAME_BYTES, Extensions, extensions_of, extensions_write,
)


cdef void lay_message(
        Worker* worker, const Transport* transport, uint16_t size, int count) noexcept nogil:
    egress_message(
        &worker.egress, &worker.udp, &transport.destination.address, count,
        count * (LAY_OVERHEAD + NAME_BYTES + RTX_BYTES + MAX_PADDING + size))


cdef void lay_messages(
        Worker* worker, const Transport* transport, uint16_t size, int count) noexcept nogil:
    if worker.egress.message_count + count > EGRESS_MESSAGES:
        egress_flush(&worker.egress, &worker.udp)
    lay_message(worker, transport, size, count)


cdef int lay_fit(Worker* worker) noexcept nogil:
    return egress_fit(&worker.egress)


cdef void lay_packet(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        int64_t index, uint32_t ts, uint8_t pt, uint16_t redundancy) noexcept nogil:
    cdef Extensions extensions = extensions_of(
        transport, receiver, packet, index < receiver.named_until)
    cdef Numbered* kept
    if extensions.number_id:
        extensions.number = number(
            worker, transport, extensions.size + redundancy + packet.payload_size + packet.padding)
        if receiver.numbers != NULL:
            kept = &receiver.numbers[index & (NUMBERS_KEPT - 1)]
            kept.seq = <uint16_t>index
            kept.number = extensions.number
            kept.id = extensions.number_id
    lay(worker, transport, receiver, packet, &extensions, index, ts, pt, redundancy)


cdef bint lay_again(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        int64_t index, uint32_t ts, uint8_t pt, uint16_t redundancy) noexcept nogil:
    cdef Extensions extensions = extensions_of(
        transport, receiver, packet, index < receiver.named_until)
    cdef const Numbered* kept
    if receiver.numbered:
        if receiver.numbers == NULL:
            return False
        kept = &receiver.numbers[index & (NUMBERS_KEPT - 1)]
        if kept.seq != <uint16_t>index or kept.id == 0 or kept.id != extensions.number_id:
            return False
        extensions.number = kept.number
    lay(worker, transport, receiver, packet, &extensions, index, ts, pt, redundancy)
    return True


cdef inline void lay(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        const Extensions* extensions, int64_t index, uint32_t ts, uint8_t pt,
        uint16_t redundancy) noexcept nogil:
    cdef uint8_t* out = egress_packet(
        &worker.egress, &transport.send, index, RTP_FIXED_SIZE + extensions.size,
        packet.buffer.data + packet.header.header_size - redundancy,
        redundancy + packet.payload_size + packet.padding)
    write_header(
        out, transport, receiver, packet, extensions, <uint16_t>index, ts, receiver.ssrc, pt)
    out[0] |= 0x20 if packet.padding else 0


cdef bint lay_written(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        int64_t index, uint32_t ts, uint8_t pt, bint marker) noexcept nogil:
    cdef Extensions extensions = extensions_of(
        transport, receiver, packet, index < receiver.named_until)
    cdef uint16_t header_size = RTP_FIXED_SIZE + extensions.size
    cdef uint16_t size = packet.payload_size + packet.padding
    cdef Vp8Descriptor numbers
    cdef uint8_t* out
    if not layering_number(receiver.layering, packet, &numbers):
        return False
    if numbers.size == 0:         # its payload is as it came
        out = egress_packet(
            &worker.egress, &transport.send, index, header_size,
            packet.buffer.data + packet.header.header_size, size)
    else:
        out = egress_in_place(&worker.egress, &transport.send, index, header_size, size)
        memcpy(out + header_size, packet.buffer.data + packet.header.header_size, size)
        layering_write(packet, &numbers, out + header_size)
    if extensions.number_id:
        extensions.number = number(worker, transport, extensions.size + size)
    write_header(
        out, transport, receiver, packet, &extensions, <uint16_t>index, ts, receiver.ssrc, pt)
    out[0] |= 0x20 if packet.padding else 0
    out[1] |= 0x80 if marker else 0
    return True


cdef bint lay_layers(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        bint alone) noexcept nogil:
    cdef uint8_t pt = receiver.pt_of[packet.header.pt]
    cdef int64_t index
    cdef uint32_t ts
    cdef bint wanted
    if pt == NO_PT:
        return False
    wanted = layering_takes(receiver.layering, packet)
    if receiver.layering.lacks:
        ask_layer(worker, receiver)
    if wanted:
        return rewrite_map(
            &receiver.rewrite, packet.ext_seq, packet.header.ts, worker.now_us, &index, &ts
        ) and lay_written(
            worker, transport, receiver, packet, index, ts, pt,
            layering_ends(receiver.layering, packet))
    layering_skip(receiver.layering, packet)
    # A late one, whose number the others were told is missing.
    if rewrite_skip(&receiver.rewrite, packet.ext_seq, &index) == SKIP_HOLE and alone:
        ts = packet.header.ts + receiver.rewrite.ts_offset
        lay_empty(worker, transport, receiver, index, ts, pt)
        layering_fill(receiver.layering, index)
    return False


cdef void ask_layer(Worker* worker, OutboundStream* receiver) noexcept nogil:
    """A keyframe, at which it can go to another spatial layer; none is on its way already."""
    cdef InboundStream* source = receiver.source
    if worker.now_us - source.keyframe_asked_us >= KEYFRAME_INTERVAL_US and keyframe_granted(
            receiver, worker.now_us):
        want_keyframe(source)


cdef void lay_empty(
        Worker* worker, Transport* transport, OutboundStream* receiver, int64_t index, uint32_t ts,
        uint8_t pt) noexcept nogil:
    cdef uint8_t* out = egress_in_place(
        &worker.egress, &transport.send, index, RTP_FIXED_SIZE, 1)
    out[0] = 0xA0                 # version 2, padding (RFC 3550 section 5.1)
    out[1] = pt
    write_u16(out + 2, <uint16_t>index)
    write_u32(out + 4, ts)
    write_u32(out + 8, receiver.ssrc)
    out[RTP_FIXED_SIZE] = 1       # one byte of padding, which counts itself


cdef void lay_rtx(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        uint16_t seq, uint32_t ts) noexcept nogil:
    cdef Vp8Descriptor numbers
    cdef Extensions extensions = extensions_of(transport, receiver, packet, False)
    cdef bint layers = receiver.layering != NULL
    cdef uint16_t header_size = RTP_FIXED_SIZE + extensions.size
    cdef int64_t index = receiver.rtx_index
    cdef uint8_t* out
    cdef uint8_t* payload
    if layers and not layering_number(receiver.layering, packet, &numbers):
        return
    out = egress_in_place(
        &worker.egress, &transport.send, index, header_size, packet.payload_size + RTX_BYTES)
    payload = out + header_size
    receiver.rtx_index += 1
    if extensions.number_id:
        extensions.number = number(
            worker, transport, extensions.size + packet.payload_size + RTX_BYTES)
    write_header(
        out, transport, receiver, packet, &extensions, <uint16_t>index, ts, receiver.rtx_ssrc,
        receiver.rtx_pt_of[packet.header.pt])
    write_u16(payload, seq)
    memcpy(
        payload + RTX_BYTES, packet.buffer.data + packet.header.header_size, packet.payload_size)
    if layers:
        layering_write(packet, &numbers, payload + RTX_BYTES)
        out[1] |= 0x80 if layering_ends(receiver.layering, packet) else 0


cdef void lay_filler(
        Worker* worker, Transport* transport, OutboundStream* receiver,
        uint8_t size) noexcept nogil:
    cdef MediaPacket packet
    cdef Extensions extensions
    cdef int64_t index = receiver.rtx_index
    cdef uint8_t* out
    packet.level = NO_LEVEL
    packet.carried.bytes = 0
    packet.header.marker = False
    extensions = extensions_of(transport, receiver, &packet, False)
    out = egress_in_place(
        &worker.egress, &transport.send, index, RTP_FIXED_SIZE + extensions.size, size)
    receiver.rtx_index += 1
    if extensions.number_id:
        extensions.number = number(worker, transport, extensions.size + size)
    write_header(
        out, transport, receiver, &packet, &extensions, <uint16_t>index, receiver.rewrite.last_ts,
        receiver.rtx_ssrc, receiver.filler_pt)
    out[0] |= 0x20
    out += RTP_FIXED_SIZE + extensions.size
    memset(out, 0, size)
    out[size - 1] = size                          # RFC 3550 section 5.1


cdef void lay_end(Worker* worker) noexcept nogil:
    egress_end(&worker.egress)


cdef inline uint16_t number(Worker* worker, Transport* transport, uint32_t size) noexcept nogil:
    """The next transport-wide number, for a packet of `size` bytes behind its fixed header."""
    return estimator_sends(
        transport.estimator,
        <uint16_t>(RTP_FIXED_SIZE + size + transport.send.tag_size + SENT_OVERHEAD),
        worker.now_us)


cdef inline void write_header(
        uint8_t* out, const Transport* transport, const OutboundStream* receiver,
        const MediaPacket* packet, const Extensions* extensions, uint16_t seq, uint32_t ts,
        uint32_t ssrc, uint8_t pt) noexcept nogil:
    out[0] = 0x90 if extensions.size else 0x80
    out[1] = (0x80 if packet.header.marker else 0) | pt
    write_u16(out + 2, seq)
    write_u32(out + 4, ts)
    write_u32(out + 8, ssrc)
    if extensions.size:
        extensions_write(
            out + RTP_FIXED_SIZE, transport, receiver, extensions, packet,
            0 if receiver.layering == NULL else receiver.layering.frame_shift)
