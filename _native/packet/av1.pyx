"""AV1 aggregation header (RTP Payload Format For AV1 v1.0, section 4.4).

    |Z|Y| W |N|-|-|-|   Z: continues an OBU of the packet before; N: first packet of a coded video
                        sequence, which begins with a keyframe and its sequence header
"""


cdef bint av1_starts_keyframe(const uint8_t* payload, size_t size) noexcept nogil:
    return size > 1 and payload[0] & 0x88 == 0x08
