"""See layering.pxd."""

from libc.stdint cimport uint16_t
from libc.stdlib cimport calloc

from fastsfu._native.base.wire cimport read_u16
from fastsfu._native.media.packet cimport CARRIED_DESCRIPTOR
from fastsfu._native.media.vp8_numbers cimport (
    vp8_numbers_init, vp8_numbers_map, vp8_numbers_skip, vp8_numbers_start,
)
from fastsfu._native.packet.codec cimport Codec
from fastsfu._native.packet.dependency cimport MANDATORY_BYTES
from fastsfu._native.packet.layers cimport (
    TOP_LAYER, PacketLayers, layer_next, layers_wanted,
)
from fastsfu._native.packet.vp8 cimport vp8_parse, vp8_write


cdef Layering* layering_new(const MediaPacket* last) noexcept nogil:
    cdef Layering* layering = <Layering*>calloc(1, sizeof(Layering))
    if layering != NULL:
        layering.spatial = layering.temporal = TOP_LAYER
        layering.aim_spatial = layering.aim_temporal = TOP_LAYER
        layering.newest = -1
        if last != NULL:
            layering.newest = last.ext_seq
            layering.picture_ts = last.header.ts
    return layering


cdef inline bint read(const MediaPacket* packet, Vp8Descriptor* descriptor) noexcept nogil:
    return packet.codec == Codec.CODEC_VP8 and vp8_parse(
        packet.buffer.data + packet.header.header_size, packet.payload_size, descriptor)


cdef void layering_exchange(Layering* layering, const MediaPacket* last) noexcept nogil:
    cdef Vp8Descriptor descriptor
    if not layering.numbered and last != NULL and read(last, &descriptor):
        vp8_numbers_init(&layering.vp8, &descriptor)
        layering.numbered = True
    layering.exchanged = True
    layering.newest = -1
    if last != NULL and last.carried.size[CARRIED_DESCRIPTOR] >= MANDATORY_BYTES:
        layering.last_frame = frame_number(last) + layering.frame_shift
        layering.frames_exchanged = True


cdef inline uint16_t frame_number(const MediaPacket* packet) noexcept nogil:
    """Of its dependency descriptor (AV1's payload format, appendix A.8.2)."""
    return read_u16(packet.buffer.data + packet.carried.at[CARRIED_DESCRIPTOR] + 1)


cdef bint layering_takes(Layering* layering, const MediaPacket* packet) noexcept nogil:
    layering.lacks = False
    if packet.ext_seq > layering.newest:
        move(layering, packet)
        layering.newest = packet.ext_seq
        layering.picture_ts = packet.header.ts
    return layers_wanted(&packet.layers, layering.spatial, layering.temporal)


cdef inline void move(Layering* layering, const MediaPacket* packet) noexcept nogil:
    cdef const PacketLayers* layers = &packet.layers
    cdef bint begins = layering.newest < 0 or packet.header.ts != layering.picture_ts
    if begins:
        layering.temporal = layer_next(
            layering.temporal, layering.aim_temporal, layers.temporal, layers.up_temporal)
    if layering.aim_spatial >= layering.spatial:
        # Before the lower layer's frame ends: the picture has one marker.
        if layers.spatial <= layering.spatial < layers.up_spatial:
            layering.spatial = min(layering.aim_spatial, layers.up_spatial)
        layering.lacks = layering.spatial < layers.spatial <= layering.aim_spatial
    elif begins and layers.until >= layering.spatial:     # it has had the layers below its own too
        layering.spatial = layering.aim_spatial
    else:
        layering.lacks = begins and layers.spatial <= layering.aim_spatial


cdef void begin(Layering* layering, const Vp8Descriptor* descriptor) noexcept nogil:
    """Have numbers for this packet, which was never asked about before."""
    cdef Vp8Descriptor before
    if not layering.numbered:
        before = descriptor[0]    # until now it all went out as it came
        before.picture_id -= 1
        vp8_numbers_init(&layering.vp8, &before)
        layering.numbered = True
    elif layering.exchanged:
        vp8_numbers_start(&layering.vp8, descriptor)
    layering.exchanged = False


cdef void layering_skip(Layering* layering, const MediaPacket* packet) noexcept nogil:
    cdef Vp8Descriptor descriptor
    if read(packet, &descriptor):
        begin(layering, &descriptor)
        vp8_numbers_skip(&layering.vp8, &descriptor)


cdef void layering_fill(Layering* layering, int64_t index) noexcept nogil:
    layering.filled[layering.filled_count & (FILLED - 1)] = index
    layering.filled_count += 1


cdef bint layering_filled(const Layering* layering, int64_t index) noexcept nogil:
    cdef int i
    for i in range(min(layering.filled_count, <int>FILLED)):
        if layering.filled[i] == index:
            return True
    return False


cdef bint layering_number(
        Layering* layering, const MediaPacket* packet, Vp8Descriptor* numbers) noexcept nogil:
    if layering.frames_exchanged and packet.carried.size[CARRIED_DESCRIPTOR] >= MANDATORY_BYTES:
        layering.frame_shift = layering.last_frame + 1 - frame_number(packet)
        layering.frames_exchanged = False
    if not read(packet, numbers):
        numbers.size = 0          # of another codec: nothing to write
        return True
    begin(layering, numbers)
    return vp8_numbers_map(&layering.vp8, numbers)


cdef void layering_write(
        const MediaPacket* packet, const Vp8Descriptor* numbers, uint8_t* payload) noexcept nogil:
    if numbers.size:
        vp8_write(payload, numbers)
