"""See scalability.pxd."""

from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memcpy, memset

from fastsfu._native.base.pool cimport BUFFER_CAPACITY
from fastsfu._native.media.packet cimport CARRIED_DESCRIPTOR, carried_count
from fastsfu._native.media.rate cimport rate_add
from fastsfu._native.packet.codec cimport Codec
from fastsfu._native.packet.dependency cimport dependency_attach
from fastsfu._native.packet.layers cimport (
    KEY_BARE, KEY_BEGINS, KEY_UNSAID, TOP_LAYER, codec_read_layers,
)

cdef enum:
    MOST_DESCRIBED = 255          # bytes of an extension
    PADDING_ROOM = 4              # that may come behind the payload (forwarding/lay)
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
    if packet.layers.key == KEY_BARE and attach(scalability.templates, packet):
        packet.layers.key = KEY_BEGINS
    if packet.layers.key != KEY_UNSAID:
        packet.keyframe = packet.layers.key == KEY_BEGINS
    note(scalability, packet, now_us)
    return ended


cdef bint attach(const DependencyTemplates* templates, MediaPacket* packet) noexcept nogil:
    """Put the structure back into its descriptor, at the end of its buffer; False: no room."""
    cdef uint8_t described[MOST_DESCRIBED]
    cdef uint8_t size
    cdef uint16_t at
    memset(described, 0, MOST_DESCRIBED)
    size = dependency_attach(
        templates, packet.buffer.data + packet.carried.at[CARRIED_DESCRIPTOR],
        packet.carried.size[CARRIED_DESCRIPTOR], described, MOST_DESCRIBED)
    at = BUFFER_CAPACITY - size
    if size == 0 or at < packet.header.header_size + packet.payload_size + PADDING_ROOM:
        return False
    memcpy(packet.buffer.data + at, described, size)
    packet.carried.at[CARRIED_DESCRIPTOR] = at
    packet.carried.size[CARRIED_DESCRIPTOR] = size
    carried_count(&packet.carried)
    return True


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
    """What came of each layer; a keyframe is of none: it comes when somebody has asked for it."""
    cdef uint8_t spatial = min(packet.layers.spatial, <uint8_t>(RATED - 1))
    cdef uint8_t temporal = min(packet.layers.temporal, <uint8_t>(RATED - 1))
    if packet.keyframe:
        scalability.keyframe_ts = packet.header.ts
    if packet.header.ts == scalability.keyframe_ts:
        rate_add(&scalability.keyframes, packet.payload_size, now_us)
        return
    rate_add(&scalability.rate[spatial][temporal], packet.payload_size, now_us)
    if packet.layers.until != TOP_LAYER:
        rate_add(&scalability.alone[spatial], packet.payload_size, now_us)
