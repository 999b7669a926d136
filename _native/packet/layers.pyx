"""See layers.pxd."""

from libc.string cimport memset

from fastsfu._native.packet.dependency cimport DependencyFrame, dependency_read
from fastsfu._native.packet.h264 cimport h264_height
from fastsfu._native.packet.vp8 cimport vp8_height, vp8_read_layers
from fastsfu._native.packet.vp9 cimport vp9_read_layers


cdef bint codec_read_layers(
        Codec codec, const uint8_t* payload, size_t size, const uint8_t* descriptor,
        uint8_t descriptor_size, DependencyTemplates* templates,
        PacketLayers* layers) noexcept nogil:
    cdef DependencyFrame frame
    memset(layers, 0, sizeof(PacketLayers))
    layers.until = layers.up_spatial = layers.up_temporal = TOP_LAYER
    if descriptor_size and templates != NULL and dependency_read(
            templates, descriptor, descriptor_size, &frame):
        layers.spatial = frame.spatial
        layers.until = frame.until
        layers.temporal = frame.temporal
        layers.up_spatial = frame.up_spatial
        layers.up_temporal = frame.up_temporal
        layers.ends = frame.ends
        if frame.structure and frame.begins:
            layers.key = KEY_BEGINS
        else:
            layers.key = KEY_BARE if frame.anew else KEY_NONE
        return True
    if codec == Codec.CODEC_VP8:
        return vp8_read_layers(payload, size, layers)
    if codec == Codec.CODEC_VP9:
        return vp9_read_layers(payload, size, layers)
    return False


cdef uint16_t codec_height(
        Codec codec, const uint8_t* payload, size_t size,
        const DependencyTemplates* templates) noexcept nogil:
    if templates != NULL and templates.count and templates.height[templates.spatial_count - 1]:
        return templates.height[templates.spatial_count - 1]
    if codec == Codec.CODEC_H264:
        return h264_height(payload, size)
    return vp8_height(payload, size) if codec == Codec.CODEC_VP8 else 0
