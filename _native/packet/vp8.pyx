"""See vp8.pxd."""

from fastsfu._native.base.wire cimport read_u16, write_u16

cdef enum:
    EXTENDED = 0x80               # X, of the first byte
    START = 0x10                  # S
    PARTITION = 0x07              # PID
    HAS_PICTURE_ID = 0x80         # I, L, T and K, of the second
    HAS_TL0PICIDX = 0x40
    HAS_TID = 0x20
    HAS_KEYIDX = 0x10
    LONG = 0x80                   # M
    SYNC = 0x20                   # Y
    KEYIDX = 0x1F
    INTER_FRAME = 0x01            # of the frame's header: P
    KEYFRAME_HEADER = 10          # bytes: frame tag, start code, width and height


cdef bint vp8_parse(
        const uint8_t* payload, size_t size, Vp8Descriptor* descriptor) noexcept nogil:
    cdef size_t at = 1
    cdef uint8_t flags = 0
    if size == 0 or (payload[0] & EXTENDED and size < 2):
        return False
    if payload[0] & EXTENDED:
        flags = payload[1]
        at = 2
    descriptor.begins = payload[0] & (START | PARTITION) == START
    descriptor.picture_at = <uint8_t>at if flags & HAS_PICTURE_ID else 0
    descriptor.long_id = descriptor.picture_at and at < size and payload[at] & LONG != 0
    if descriptor.picture_at:
        at += 2 if descriptor.long_id else 1
    descriptor.tl0_at = <uint8_t>at if flags & HAS_TL0PICIDX else 0
    at += flags & HAS_TL0PICIDX != 0
    descriptor.layer_at = <uint8_t>at if flags & (HAS_TID | HAS_KEYIDX) else 0
    at += flags & (HAS_TID | HAS_KEYIDX) != 0
    descriptor.size = <uint8_t>at
    if at >= size:
        return False
    descriptor.has_tid = flags & HAS_TID != 0
    descriptor.has_keyidx = flags & HAS_KEYIDX != 0
    read_fields(payload, descriptor)
    return True


cdef inline void read_fields(const uint8_t* payload, Vp8Descriptor* descriptor) noexcept nogil:
    cdef uint8_t layer = payload[descriptor.layer_at] if descriptor.layer_at else 0
    descriptor.picture_id = 0
    if descriptor.picture_at:
        descriptor.picture_id = (
            read_u16(payload + descriptor.picture_at) & VP8_LONG_ID if descriptor.long_id
            else payload[descriptor.picture_at])
    descriptor.tl0picidx = payload[descriptor.tl0_at] if descriptor.tl0_at else 0
    descriptor.tid = layer >> 6 if descriptor.has_tid else 0
    descriptor.sync = descriptor.has_tid and layer & SYNC != 0
    descriptor.keyidx = layer & KEYIDX if descriptor.has_keyidx else 0


cdef void vp8_write(uint8_t* payload, const Vp8Descriptor* descriptor) noexcept nogil:
    cdef uint8_t* layer = payload + descriptor.layer_at
    if descriptor.picture_at and descriptor.long_id:
        write_u16(payload + descriptor.picture_at, 0x8000 | descriptor.picture_id)
    elif descriptor.picture_at:
        payload[descriptor.picture_at] = <uint8_t>descriptor.picture_id & VP8_SHORT_ID
    if descriptor.tl0_at:
        payload[descriptor.tl0_at] = descriptor.tl0picidx
    if descriptor.has_keyidx:
        layer[0] = <uint8_t>(layer[0] & ~KEYIDX) | (descriptor.keyidx & KEYIDX)


cdef bint vp8_starts_keyframe(const uint8_t* payload, size_t size) noexcept nogil:
    cdef Vp8Descriptor descriptor
    return vp8_parse(payload, size, &descriptor) and starts_keyframe(payload, &descriptor)


cdef inline bint starts_keyframe(
        const uint8_t* payload, const Vp8Descriptor* descriptor) noexcept nogil:
    return descriptor.begins and payload[descriptor.size] & INTER_FRAME == 0


cdef bint vp8_read_layers(
        const uint8_t* payload, size_t size, PacketLayers* layers) noexcept nogil:
    cdef Vp8Descriptor descriptor
    if not vp8_parse(payload, size, &descriptor):
        return False
    if not descriptor.has_tid:
        return False
    layers.temporal = descriptor.tid
    # A keyframe begins all layers anew; else Y says that the frame needs none but the lowest.
    if not starts_keyframe(payload, &descriptor):
        layers.up_temporal = descriptor.tid if descriptor.sync else 0
    return True


cdef uint16_t vp8_height(const uint8_t* payload, size_t size) noexcept nogil:
    cdef Vp8Descriptor descriptor
    cdef const uint8_t* frame
    if not vp8_parse(payload, size, &descriptor) or not starts_keyframe(payload, &descriptor):
        return 0
    frame = payload + descriptor.size
    if size < descriptor.size + <size_t>KEYFRAME_HEADER:
        return 0
    if frame[3] != 0x9D or frame[4] != 0x01 or frame[5] != 0x2A:
        return 0
    return (frame[8] | <uint16_t>frame[9] << 8) & 0x3FFF
