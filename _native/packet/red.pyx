from libc.string cimport memcpy, memmove


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


cdef int red_older(const uint8_t* payload) noexcept nogil:
    if not payload[0] & 0x80 or payload[RED_HEADER] & 0x80:
        return -1
    return payload[1] << 6 | payload[2] >> 2


cdef void red_prepend(
        uint8_t* payload, size_t size, uint8_t pt, uint16_t offset, const uint8_t* block,
        uint16_t block_size) noexcept nogil:
    cdef size_t headers = 1
    while payload[headers - 1] & 0x80:
        headers += RED_HEADER
    memmove(payload + headers + RED_HEADER + block_size, payload + headers, size - headers)
    memmove(payload + RED_HEADER, payload, headers)
    memcpy(payload + RED_HEADER + headers, block, block_size)
    payload[0] = 0x80 | pt
    payload[1] = <uint8_t>(offset >> 6)
    payload[2] = <uint8_t>((offset & 0x3F) << 2 | block_size >> 8)
    payload[3] = block_size & 0xFF
