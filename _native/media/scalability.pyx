"""See scalability.pxd."""

from fastsfu._native.media.packet cimport CARRIED_DESCRIPTOR
from fastsfu._native.media.rate cimport rate_add
from fastsfu._native.packet.codec cimport Codec
from fastsfu._native.packet.layers cimport KEY_BEGINS, KEY_UNSAID, TOP_LAYER, codec_read_layers

cdef enum:
    GONE_AFTER = 16               # pictures without it: half a second, since encoders skip some


cdef bint scalability_on_packet(
        Scalability* scalability, MediaPacket* packet, int64_t now_us) noexcept nogil:
    cdef const uint8_t* data = packet.buffer.data
    cdef bint ended = False
    if codec_read_layers(
            <Codec>packet.codec, data + packet.header.header_size, packet.payload_size,
            data + packet.carried.at[CARRIED_DESCRIPTOR], packet.carried.size[CARRIED_DESCRIPTOR],
            scalability.templates, &packet.layers):
        scalability.layered = (
            scalability.layered or packet.layers.spatial or packet.layers.temporal)
        ended = follow(scalability, packet)
    if packet.layers.key != KEY_UNSAID:
        packet.keyframe = packet.layers.key == KEY_BEGINS
    note(scalability, packet, now_us)
    return ended


cdef bint follow(Scalability* scalability, MediaPacket* packet) noexcept nogil:
    """Its place among the layers that come; True: the highest one has ended."""
    cdef uint8_t spatial = packet.layers.spatial
    cdef bint ended = False
    scalability.top = max(scalability.top, spatial)
    if packet.header.marker and spatial < scalability.top:
        scalability.highest = max(scalability.highest, spatial)
        scalability.below += 1
        if scalability.below == GONE_AFTER:
            scalability.top = scalability.highest
            ended = scalability.apart
    elif packet.header.marker:
        scalability.below = scalability.highest = 0
    if packet.layers.until >= scalability.top:
        packet.layers.until = TOP_LAYER
    else:
        scalability.apart = True
    return ended


cdef inline void note(
        Scalability* scalability, const MediaPacket* packet, int64_t now_us) noexcept nogil:
    cdef uint8_t spatial = min(packet.layers.spatial, <uint8_t>(RATED - 1))
    cdef uint8_t temporal = min(packet.layers.temporal, <uint8_t>(RATED - 1))
    rate_add(&scalability.rate[spatial][temporal], packet.payload_size, now_us)
    if packet.layers.until != TOP_LAYER:
        rate_add(&scalability.alone[spatial], packet.payload_size, now_us)
