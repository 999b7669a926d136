"""A receiver that gets some of its source's layers alone, or has come from another encoding: which
layers, and how its packets are numbered around what it does not get.

    layering_takes(packet)    is the packet for it? Up where the packet lets go up, down at once, or
                              at a keyframe where that is to what it has not had (k-SVC)
    layering_number(packet)   the numbers of its descriptor for this receiver
    layering_write(payload)   and into a copy of its payload with them
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.media.numbering cimport Stretches
from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.vp8_numbers cimport Vp8Numbers
from fastsfu._native.packet.vp8 cimport Vp8Descriptor

cdef enum:
    FILLED = 16

cdef struct Preference:           # of a receiver
    uint8_t priority              # the higher goes first
    uint8_t most_layer            # the highest encoding that it gets, 0 = the smallest; TOP_LAYER
    uint16_t most_height          # the largest picture that it has use for; 0 = any

cdef struct OperatingPoint:       # how much of a source: all up to these
    uint8_t encoding              # 0 = the smallest; TOP_LAYER = whatever there is
    uint8_t spatial               # layers of that encoding; below it, all
    uint8_t temporal

cdef struct Layering:
    uint8_t spatial               # what it gets now, TOP_LAYER = all
    uint8_t temporal
    uint8_t aim_spatial           # what it is to get
    uint8_t aim_temporal
    bint lacks                    # only a keyframe leads to its aim
    int64_t newest                # of the packets that came; -1 = none since it is of this source
    uint32_t picture_ts           # and its timestamp
    bint numbered                 # vp8 has begun
    bint exchanged                # the next packet is the first one of another source
    int filled_count              # of the ring, ever
    int64_t filled[FILLED]        # out indices under which an empty packet went
    Stretches skipped             # of its rewrite
    Vp8Numbers vp8
    # of the dependency descriptors' frames
    uint16_t frame_shift          # number that goes out = source's + frame_shift
    uint16_t last_frame           # the last one that went out before the exchange
    bint frames_exchanged         # the next one goes on behind it

# All layers. `last`: the newest packet that went out whole, or NULL. NULL: out of memory.
cdef Layering* layering_new(const MediaPacket* last) noexcept nogil
# What follows comes from another source. `last`: the newest packet that went out, or NULL.
cdef void layering_exchange(Layering* layering, const MediaPacket* last) noexcept nogil
# Then `lacks` says whether a keyframe is to be asked for.
cdef bint layering_takes(Layering* layering, const MediaPacket* packet) noexcept nogil
# The packet's picture is not to go out.
cdef void layering_skip(Layering* layering, const MediaPacket* packet) noexcept nogil
# An empty packet went under this index: asked for again, it is to be the same.
cdef void layering_fill(Layering* layering, int64_t index) noexcept nogil
cdef bint layering_filled(const Layering* layering, int64_t index) noexcept nogil
# False: it is too old to have numbers.
cdef bint layering_number(
    Layering* layering, const MediaPacket* packet, Vp8Descriptor* numbers) noexcept nogil
# `payload`: a copy of the packet's.
cdef void layering_write(
    const MediaPacket* packet, const Vp8Descriptor* numbers, uint8_t* payload) noexcept nogil


# The last packet of a picture for this receiver: the sender's marker may stand on a higher layer.
cdef inline bint layering_ends(const Layering* layering, const MediaPacket* packet) noexcept nogil:
    return packet.header.marker or (
        packet.layers.ends and packet.layers.spatial == layering.spatial)
