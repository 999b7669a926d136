cdef int red_read(const uint8_t* payload, size_t size, uint8_t* pt) noexcept nogil:
    cdef size_t offset = 0, older = 0
    while offset + 4 <= size and payload[offset] & 0x80:
        older += (payload[offset + 2] & 3) << 8 | payload[offset + 3]
        offset += 4
    if offset >= size or payload[offset] & 0x80:
        return -1
    pt[0] = payload[offset] & 0x7F
    offset += 1 + older
    return <int>offset if offset < size else -1
