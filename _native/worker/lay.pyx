"""Packets laid out for their receivers; see lay.pxd."""

from libc.string cimport memcpy

from fastsfu._native.base.wire cimport write_u16, write_u32
from fastsfu._native.media.packet cimport NO_LEVEL
from fastsfu._native.packet.rtp cimport RTP_ONE_BYTE_PROFILE, RTP_TWO_BYTE_PROFILE, ExtensionKind
from fastsfu._native.worker.egress cimport (
    egress_end, egress_in_place, egress_message, egress_packet,
)


cdef void lay_message(
        Worker* worker, const Transport* transport, uint16_t payload_size,
        int count) noexcept nogil:
    egress_message(
        &worker.egress, &worker.udp, &transport.destination.address, count,
        count * (LAY_OVERHEAD + RTX_BYTES + MAX_PADDING + payload_size))


cdef void lay_packet(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        int64_t index, uint32_t ts, uint8_t pt, uint16_t redundancy) noexcept nogil:
    cdef uint16_t header_size = header_bytes(transport, packet)
    cdef uint8_t* out = egress_packet(
        &worker.egress, &transport.send, index, header_size,
        packet.buffer.data + packet.header.header_size - redundancy,
        redundancy + packet.payload_size + packet.padding)
    write_header(out, transport, packet, <uint16_t>index, ts, receiver.ssrc, pt)
    out[0] |= 0x20 if packet.padding else 0


cdef void lay_rtx(
        Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
        uint16_t seq, uint32_t ts) noexcept nogil:
    cdef uint16_t header_size = header_bytes(transport, packet)
    cdef int64_t index = receiver.rtx_index
    cdef uint8_t* out = egress_in_place(
        &worker.egress, &transport.send, index, header_size, packet.payload_size + RTX_BYTES)
    cdef uint8_t* payload = out + header_size
    receiver.rtx_index += 1
    write_header(
        out, transport, packet, <uint16_t>index, ts, receiver.rtx_ssrc,
        receiver.rtx_pt_of[packet.header.pt])
    write_u16(payload, seq)
    memcpy(
        payload + RTX_BYTES, packet.buffer.data + packet.header.header_size, packet.payload_size)


cdef void lay_end(Worker* worker) noexcept nogil:
    egress_end(&worker.egress)


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
        uint32_t ts, uint32_t ssrc, uint8_t pt) noexcept nogil:
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
