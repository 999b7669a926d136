"""VP9 payload descriptor (RFC 9628 section 4.2).

    |I|P|L|F|B|E|V|Z|   P: inter-picture predicted; F: flexible mode; B, E: begins and ends a layer
                        frame; V: a scalability structure follows; Z: no upper layer needs it
    |M| PICTURE ID  |   when I; 15 bits when M
    | TID |U| SID |D|   when L; U: switching up point; D: depends on the layer below
    |   TL0PICIDX   |   when L and not F

Both modes have the same bits up to SID.
"""

from libc.stdint cimport uint8_t

from fastsfu._native.packet.layers cimport PacketLayers

# At the beginning of a frame of the lowest spatial layer that is not predicted from another
# picture.
cdef bint vp9_starts_keyframe(const uint8_t* payload, size_t size) noexcept nogil
cdef bint vp9_read_layers(
    const uint8_t* payload, size_t size, PacketLayers* layers) noexcept nogil
