"""See layering.pxd."""

from libc.stdlib cimport calloc

from fastsfu._native.media.vp8_numbers cimport (
    vp8_numbers_init, vp8_numbers_map, vp8_numbers_skip, vp8_numbers_start,
)
from fastsfu._native.packet.codec cimport Codec
from fastsfu._native.packet.layers cimport TOP_LAYER, layer_next, layers_wanted
from fastsfu._native.packet.vp8 cimport vp8_parse, vp8_write


cdef Layering* layering_new() noexcept nogil:
    cdef Layering* layering = <Layering*>calloc(1, sizeof(Layering))
    if layering != NULL:
        layering.spatial = layering.temporal = TOP_LAYER
        layering.aim_spatial = layering.aim_temporal = TOP_LAYER
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


cdef bint layering_takes(Layering* layering, const MediaPacket* packet) noexcept nogil:
    layering.spatial = layer_next(
        layering.spatial, layering.aim_spatial, packet.layers.spatial, packet.layers.up_spatial)
    layering.temporal = layer_next(
        layering.temporal, layering.aim_temporal, packet.layers.temporal, packet.layers.up_temporal)
    return layers_wanted(&packet.layers, layering.spatial, layering.temporal)


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
    if not read(packet, numbers):
        numbers.size = 0          # of another codec: nothing to write
        return True
    begin(layering, numbers)
    return vp8_numbers_map(&layering.vp8, numbers)


cdef void layering_write(
        const MediaPacket* packet, const Vp8Descriptor* numbers, uint8_t* payload) noexcept nogil:
    if numbers.size:
        vp8_write(payload, numbers)
