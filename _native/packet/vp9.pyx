"""See vp9.pxd."""

from fastsfu._native.packet.layers cimport TOP_LAYER

cdef enum:
    HAS_PICTURE_ID = 0x80
    PREDICTED = 0x40
    HAS_LAYERS = 0x20
    BEGINS = 0x08
    ENDS = 0x04
    NOT_BELOW = 0x01              # Z
    SWITCHES = 0x10               # U, of the layers' byte


cdef bint vp9_starts_keyframe(const uint8_t* payload, size_t size) noexcept nogil:
    cdef size_t at = layers_at(payload, size)
    if at == 0 or payload[0] & (PREDICTED | BEGINS) != BEGINS:
        return False
    return not payload[0] & HAS_LAYERS or payload[at] & 0x0E == 0


cdef bint vp9_read_layers(
        const uint8_t* payload, size_t size, PacketLayers* layers) noexcept nogil:
    cdef size_t at = layers_at(payload, size)
    if at == 0:
        return False
    layers.ends = payload[0] & ENDS != 0
    if not payload[0] & HAS_LAYERS:
        return False
    layers.temporal = payload[at] >> 5
    layers.spatial = payload[at] >> 1 & 0x07
    if payload[0] & NOT_BELOW:
        layers.until = layers.spatial
    if payload[0] & PREDICTED:
        layers.up_spatial = 0
        layers.up_temporal = TOP_LAYER if payload[at] & SWITCHES else 0
    else:                         # what needs no other picture begins all layers anew
        layers.up_spatial = TOP_LAYER if layers.spatial == 0 else 0
    return True


cdef inline size_t layers_at(const uint8_t* payload, size_t size) noexcept nogil:
    """Offset of the layers' byte, or of what follows where there is none; 0: truncated."""
    cdef size_t at = 1
    if size < 2:
        return 0
    if payload[0] & HAS_PICTURE_ID:
        at += 2 if payload[1] & 0x80 else 1
    return at if at < size else 0
