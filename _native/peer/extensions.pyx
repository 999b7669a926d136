"""See extensions.pxd."""

from libc.string cimport memcpy

from fastsfu._native.base.wire cimport read_u16, write_u16, write_u32
from fastsfu._native.media.packet cimport CARRIED, CARRIED_DESCRIPTOR
from fastsfu._native.packet.dependency cimport MANDATORY_BYTES
from fastsfu._native.packet.rtp cimport RTP_ONE_BYTE_PROFILE, RTP_TWO_BYTE_PROFILE

cdef enum:
    ONE_BYTE_IDS = 14             # ids that the one-byte form can carry (RFC 8285 section 4.2)
    ONE_BYTE_SIZE = 16            # and bytes of a value


cdef inline uint8_t carried_id(
        const Transport* transport, const MediaPacket* packet, int i) noexcept nogil:
    """0: the packet has none of that kind, or the receiver has not negotiated it."""
    if packet.carried.size[i] == 0:
        return 0
    return transport.id_of_kind[<int>ExtensionKind.EXT_DEPENDENCY + i]


cdef void extensions_add(
        const Transport* transport, const OutboundStream* receiver, const MediaPacket* packet,
        Extensions* extensions) noexcept nogil:
    cdef uint16_t elements = 0, bytes = 0
    cdef uint8_t id
    cdef int i
    for i in range(CARRIED):
        id = carried_id(transport, packet, i)
        if id:
            elements += 1
            bytes += packet.carried.size[i]
            extensions.wide = (
                extensions.wide or id > ONE_BYTE_IDS or packet.carried.size[i] > ONE_BYTE_SIZE)
    extensions.carries = elements > 0
    if extensions.mid_id:
        elements += 1
        bytes += receiver.mid_size
    if elements == 0:
        return
    extensions.wide = extensions.wide or beyond_one_byte(extensions)
    elements += (extensions.number_id != 0) + (extensions.level_id != 0)
    bytes += 2 * (extensions.number_id != 0) + (extensions.level_id != 0)
    bytes += elements * (2 if extensions.wide else 1)
    extensions.size = 4 + ((bytes + 3) & ~<uint16_t>3)


cdef inline bint beyond_one_byte(const Extensions* extensions) noexcept nogil:
    return max(extensions.number_id, extensions.level_id, extensions.mid_id) > ONE_BYTE_IDS


cdef void extensions_write(
        uint8_t* out, const Transport* transport, const OutboundStream* receiver,
        const Extensions* extensions, const MediaPacket* packet,
        uint16_t frame_shift) noexcept nogil:
    cdef bint wide = extensions.wide or beyond_one_byte(extensions)
    cdef int at = 4
    write_u16(out, RTP_TWO_BYTE_PROFILE if wide else RTP_ONE_BYTE_PROFILE)
    write_u16(out + 2, (extensions.size - 4) // 4)
    write_u32(out + extensions.size - 4, 0)       # the padding
    if extensions.number_id:
        at += write_head(out + at, extensions.number_id, 2, wide)
        write_u16(out + at, extensions.number)
        at += 2
    if extensions.level_id:
        at += write_head(out + at, extensions.level_id, 1, wide)
        out[at] = packet.level
        at += 1
    if extensions.mid_id:
        at += write_head(out + at, extensions.mid_id, receiver.mid_size, wide)
        memcpy(out + at, receiver.mid, receiver.mid_size)
        at += receiver.mid_size
    if extensions.carries:
        write_carried(out + at, transport, packet, wide, frame_shift)


cdef void write_carried(
        uint8_t* out, const Transport* transport, const MediaPacket* packet, bint wide,
        uint16_t frame_shift) noexcept nogil:
    cdef uint8_t id, size
    cdef int i
    for i in range(CARRIED):
        id = carried_id(transport, packet, i)
        if id == 0:
            continue
        size = packet.carried.size[i]
        out += write_head(out, id, size, wide)
        memcpy(out, packet.buffer.data + packet.carried.at[i], size)
        if i == CARRIED_DESCRIPTOR and size >= MANDATORY_BYTES:
            write_u16(out + 1, read_u16(out + 1) + frame_shift)
        out += size


cdef inline int write_head(uint8_t* out, uint8_t id, uint8_t size, bint wide) noexcept nogil:
    """Of an element; its own size in bytes."""
    if not wide:
        out[0] = <uint8_t>(id << 4 | (size - 1))
        return 1
    out[0] = id
    out[1] = size
    return 2
