"""Which layer a packet belongs to: read from the dependency descriptor where the sender gives one
(packet/dependency), which leaves the payload alone, else from the payload's descriptor (VP8, VP9).

A receiver of spatial layer S and temporal layer T gets the packets for which `layers_wanted` says
so. H.264 and what is not scalable at all have one layer.
"""

from libc.stdint cimport uint8_t, uint16_t

from fastsfu._native.packet.codec cimport Codec
from fastsfu._native.packet.dependency cimport DependencyTemplates

cdef enum:
    MAX_SPATIAL = 4               # layers
    MAX_TEMPORAL = 8
    TOP_LAYER = 255               # whatever there is

cdef enum Key:
    KEY_UNSAID = 0
    KEY_NONE = 1
    KEY_BEGINS = 2                # here, whatever the payload looks like
    KEY_BARE = 3                  # so it does, but without the structure that decoders need

cdef struct PacketLayers:
    uint8_t spatial               # 0 = the lowest
    uint8_t until                 # the highest spatial layer that is decoded with this packet
    uint8_t temporal              # 0 = the lowest
    # With this packet a receiver may go up to these: to a spatial layer who gets this one's, to a
    # temporal one who gets the one below it.
    uint8_t up_spatial
    uint8_t up_temporal
    uint8_t ends                  # its layer's frame ends here; so it does at a marker anyway
    uint8_t key                   # Key: what the descriptor says of keyframes

# False: nothing said, one layer. `descriptor`: value of the dependency descriptor's extension, size
# 0 = none; `templates`: what this stream last sent of them, NULL = none are kept.
cdef bint codec_read_layers(
    Codec codec, const uint8_t* payload, size_t size, const uint8_t* descriptor,
    uint8_t descriptor_size, DependencyTemplates* templates, PacketLayers* layers) noexcept nogil
# Of the largest picture of a keyframe that begins with this packet; 0: not known.
cdef uint16_t codec_height(
    Codec codec, const uint8_t* payload, size_t size,
    const DependencyTemplates* templates) noexcept nogil


cdef inline bint layers_wanted(
        const PacketLayers* layers, uint8_t spatial, uint8_t temporal) noexcept nogil:
    return layers.spatial <= spatial <= layers.until and layers.temporal <= temporal


# The spatial or temporal layer that a receiver of `now` that wants `aim` gets from a packet of
# layer `layer` on, which lets go up to `up`. Down it goes at once; of spatial layers it is not all
# (media/layering).
cdef inline uint8_t layer_next(
        uint8_t now, uint8_t aim, uint8_t layer, uint8_t up) noexcept nogil:
    if aim <= now:
        return aim
    return min(aim, up) if up > now and layer <= now + 1 else now
