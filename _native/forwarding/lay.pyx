"""Packets laid out for their receivers; see lay.pxd."""

from libc.string cimport memcpy, memset

from fastsfu._native.base.wire cimport write_u16, write_u32
from fastsfu._native.bwe.estimator cimport estimator_sends
from fastsfu._native.bwe.sent cimport SENT_OVERHEAD
from fastsfu._native.forwarding.egress cimport (
    egress_end, egress_in_place, egress_message, egress_packet,
)
from fastsfu._native.media.layering cimport (
    layering_ends, layering_fill, layering_number, layering_skip, layering_takes, layering_write,
)
from fastsfu._native.media.numbering cimport SKIP_HOLE
from fastsfu._native.media.packet cimport NO_LEVEL
from fastsfu._native.media.repeats cimport NUMBERS_KEPT, Numbered
from fastsfu._native.media.rewrite cimport rewrite_map, rewrite_skip
from fastsfu._native.media.stream cimport NO_PT
from fastsfu._native.packet.rtp cimport RTP_ONE_BYTE_PROFILE, RTP_TWO_BYTE_PROFILE, ExtensionKind
from fastsfu._native.packet.vp8 cimport Vp8Descriptor

cdef enum:
    ONE_BYTE_IDS = 14             # ids that the one-byte form can carry (RFC 8285 section 4.2)

cdef struct Extensions:           # of one packet for one receiver; id 0 = without
    uint8_t number_id
    uint8_t level_id
    uint16_t number               # transport-wide
    uint16_t size                 # bytes in all


cdef void lay_message(
        Worker* worker, const Transport* transport, uint16_t payload_size,
        int count) noexcept nogil:
    egress_message(
        &worker.egress, &worker.udp, &transport.destination.address, count,
        count * (LAY_OVERHEAD + RTX_BYTES + MAX_PADDING + payload_size))


cdef void lay_packet(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        int64_t index, uint32_t ts, uint8_t pt, uint16_t redundancy) noexcept nogil:
    cdef Extensions extensions = extensions_of(transport, receiver, packet)
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
    cdef Extensions extensions = extensions_of(transport, receiver, packet)
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
    write_header(out, packet, extensions, <uint16_t>index, ts, receiver.ssrc, pt)
    out[0] |= 0x20 if packet.padding else 0


cdef bint lay_written(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        int64_t index, uint32_t ts, uint8_t pt, bint marker) noexcept nogil:
    cdef Extensions extensions = extensions_of(transport, receiver, packet)
    cdef uint16_t header_size = RTP_FIXED_SIZE + extensions.size
    cdef uint16_t size = packet.payload_size + packet.padding
    cdef Vp8Descriptor numbers
    cdef uint8_t* out
    if not layering_number(receiver.layering, packet, &numbers):
        return False
    out = egress_in_place(&worker.egress, &transport.send, index, header_size, size)
    memcpy(out + header_size, packet.buffer.data + packet.header.header_size, size)
    layering_write(packet, &numbers, out + header_size)
    if extensions.number_id:
        extensions.number = number(worker, transport, extensions.size + size)
    write_header(out, packet, &extensions, <uint16_t>index, ts, receiver.ssrc, pt)
    out[0] |= 0x20 if packet.padding else 0
    out[1] |= 0x80 if marker else 0
    return True


cdef bint lay_layers(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        bint alone) noexcept nogil:
    cdef uint8_t pt = receiver.pt_of[packet.header.pt]
    cdef int64_t index
    cdef uint32_t ts
    if pt == NO_PT:
        return False
    if layering_takes(receiver.layering, packet):
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
    cdef Extensions extensions = extensions_of(transport, receiver, packet)
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
        out, packet, &extensions, <uint16_t>index, ts, receiver.rtx_ssrc,
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
    packet.header.marker = False
    extensions = extensions_of(transport, receiver, &packet)
    out = egress_in_place(
        &worker.egress, &transport.send, index, RTP_FIXED_SIZE + extensions.size, size)
    receiver.rtx_index += 1
    if extensions.number_id:
        extensions.number = number(worker, transport, extensions.size + size)
    write_header(
        out, &packet, &extensions, <uint16_t>index, receiver.rewrite.last_ts, receiver.rtx_ssrc,
        receiver.filler_pt)
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


cdef inline Extensions extensions_of(
        const Transport* transport, const OutboundStream* receiver,
        const MediaPacket* packet) noexcept nogil:
    """Which ones the packet has towards this receiver. Within a frame they are the same."""
    cdef Extensions extensions
    extensions.number = 0
    extensions.number_id = (
        transport.id_of_kind[<int>ExtensionKind.EXT_TRANSPORT_SEQ] if receiver.numbered else 0)
    extensions.level_id = (
        0 if packet.level == NO_LEVEL
        else transport.id_of_kind[<int>ExtensionKind.EXT_AUDIO_LEVEL])
    # Either is a word by itself, both are two, in the one-byte form and in the two-byte form.
    extensions.size = 4 * ((extensions.number_id != 0) + (extensions.level_id != 0))
    extensions.size += 4 if extensions.size else 0
    return extensions


cdef inline void write_header(
        uint8_t* out, const MediaPacket* packet, const Extensions* extensions, uint16_t seq,
        uint32_t ts, uint32_t ssrc, uint8_t pt) noexcept nogil:
    out[0] = 0x90 if extensions.size else 0x80
    out[1] = (0x80 if packet.header.marker else 0) | pt
    write_u16(out + 2, seq)
    write_u32(out + 4, ts)
    write_u32(out + 8, ssrc)
    if extensions.size:
        write_extensions(out + RTP_FIXED_SIZE, extensions, packet.level)


cdef inline void write_extensions(
        uint8_t* out, const Extensions* extensions, uint8_t level) noexcept nogil:
    """RFC 8285: the one-byte form where both ids allow it, else the two-byte form."""
    cdef bint one_byte = max(extensions.number_id, extensions.level_id) <= ONE_BYTE_IDS
    cdef int at = 4
    write_u16(out, RTP_ONE_BYTE_PROFILE if one_byte else RTP_TWO_BYTE_PROFILE)
    write_u16(out + 2, (extensions.size - 4) // 4)
    write_u32(out + extensions.size - 4, 0)       # the padding
    if extensions.number_id:
        at += write_head(out + at, extensions.number_id, 2, one_byte)
        write_u16(out + at, extensions.number)
        at += 2
    if extensions.level_id:
        at += write_head(out + at, extensions.level_id, 1, one_byte)
        out[at] = level


cdef inline int write_head(uint8_t* out, uint8_t id, uint8_t size, bint one_byte) noexcept nogil:
    """Of an element; its own size in bytes."""
    if one_byte:
        out[0] = <uint8_t>(id << 4 | (size - 1))
        return 1
    out[0] = id
    out[1] = size
    return 2
