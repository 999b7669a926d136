"""VP8 payload descriptor (RFC 7741 section 4.2).

    |X|R|N|S|R| PID |   S: start of a partition; PID: its number
    |I|L|T|K| RSV   |   when X
    |M| PictureID   |   when I; 15 bits when M
    |   TL0PICIDX   |   when L
    |TID|Y| KEYIDX  |   when T or K

Behind it, in the first partition's first packet, the frame's header: bit 0 is 0 in a keyframe
(section 4.3, RFC 6386 section 9.1). Nothing beyond that byte is read, so that end-to-end encrypted
frames pass, which keep their first bytes clear.
"""


cdef bint vp8_starts_keyframe(const uint8_t* payload, size_t size) noexcept nogil:
    cdef size_t header = descriptor_size(payload, size)
    if header == 0 or header >= size:
        return False
    return payload[0] & 0x17 == 0x10 and payload[header] & 0x01 == 0


cdef inline size_t descriptor_size(const uint8_t* payload, size_t size) noexcept nogil:
    """0: truncated."""
    cdef size_t offset = 1
    cdef uint8_t flags
    if size < 2 or payload[0] & 0x80 == 0:
        return 1 if size > 0 else 0
    flags = payload[1]
    offset = 2
    if flags & 0x80:
        if offset >= size:
            return 0
        offset += 2 if payload[offset] & 0x80 else 1
    if flags & 0x40:
        offset += 1
    if flags & 0x30:
        offset += 1
    return offset
