"""VP9 payload descriptor (RFC 9628 section 4.2).

    |I|P|L|F|B|E|V|Z|   P: inter-picture predicted; F: flexible mode; B: begins a layer frame
    |M| PICTURE ID  |   when I; 15 bits when M
    | TID |U| SID |D|   when L; SID: spatial layer
    |   TL0PICIDX   |   when L and not F

A decoder starts at the beginning of a frame of the lowest spatial layer that is not predicted from
another picture. Both modes have the same bits up to SID.
"""

cdef enum:
    HAS_PICTURE_ID = 0x80
    PREDICTED = 0x40
    HAS_LAYERS = 0x20
    BEGINS = 0x08


cdef bint vp9_starts_keyframe(const uint8_t* payload, size_t size) noexcept nogil:
    cdef size_t offset = 1
    if size < 2 or payload[0] & (PREDICTED | BEGINS) != BEGINS:
        return False
    if payload[0] & HAS_PICTURE_ID:
        offset += 2 if payload[1] & 0x80 else 1
    if not payload[0] & HAS_LAYERS:
        return offset < size
    return offset < size and payload[offset] & 0x0E == 0
