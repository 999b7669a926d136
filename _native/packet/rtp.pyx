from libc.string cimport memset

from fastsfu._native.base.wire cimport read_u16, read_u32

cdef enum:
    ONE_BYTE_STOP = 15        # RFC 8285 section 4.2: reserved; what follows is not read


cdef bint rtp_parse(const uint8_t* packet, size_t size, RtpHeader* header) noexcept nogil:
    cdef size_t end
    if size < RTP_FIXED_SIZE or size > 0xFFFF or packet[0] >> 6 != 2:
        return False
    header.has_padding = (packet[0] & 0x20) != 0
    header.marker = (packet[1] & 0x80) != 0
    header.pt = packet[1] & 0x7F
    header.seq = read_u16(packet + 2)
    header.ts = read_u32(packet + 4)
    header.ssrc = read_u32(packet + 8)
    header.extension_profile = 0
    header.extension_offset = 0
    header.extension_size = 0
    end = RTP_FIXED_SIZE + 4 * <size_t>(packet[0] & 0x0F)
    if packet[0] & 0x10:
        if end + 4 > size:
            return False
        header.extension_profile = read_u16(packet + end)
        header.extension_offset = <uint16_t>(end + 4)
        header.extension_size = <uint16_t>(4 * read_u16(packet + end + 2))
        end += 4 + 4 * <size_t>read_u16(packet + end + 2)
    if end > size:
        return False
    header.header_size = <uint16_t>end
    return True


cdef bint rtp_extensions(
        const uint8_t* packet, const RtpHeader* header, const uint8_t* kind_of_id,
        RtpExtensions* found) noexcept nogil:
    memset(found, 0, sizeof(RtpExtensions))
    if header.extension_profile == RTP_ONE_BYTE_PROFILE:
        return one_byte_elements(packet, header, kind_of_id, found)
    if header.extension_profile & 0xFFF0 == RTP_TWO_BYTE_PROFILE:
        return two_byte_elements(packet, header, kind_of_id, found)
    return True


cdef int rtp_payload_size(
        const uint8_t* packet, size_t size, const RtpHeader* header) noexcept nogil:
    cdef int whole = <int>size - header.header_size
    cdef int padding
    if whole < 0 or not header.has_padding:
        return max(whole, -1)
    if whole == 0:
        return -1
    padding = packet[size - 1]
    return whole - padding if 0 < padding <= whole else -1


cdef bint one_byte_elements(
        const uint8_t* packet, const RtpHeader* header, const uint8_t* kind_of_id,
        RtpExtensions* found) noexcept nogil:
    cdef size_t offset = header.extension_offset
    cdef size_t end = offset + header.extension_size
    cdef uint8_t element_id, size
    while offset < end:
        element_id = packet[offset] >> 4
        if packet[offset] == 0:           # padding
            offset += 1
            continue
        if element_id == 0 or element_id == ONE_BYTE_STOP:
            return True
        size = (packet[offset] & 0x0F) + 1
        offset += 1
        if offset + size > end:
            return False
        note(found, kind_of_id[element_id], offset, size)
        offset += size
    return True


cdef bint two_byte_elements(
        const uint8_t* packet, const RtpHeader* header, const uint8_t* kind_of_id,
        RtpExtensions* found) noexcept nogil:
    cdef size_t offset = header.extension_offset
    cdef size_t end = offset + header.extension_size
    cdef uint8_t element_id, size
    while offset < end:
        element_id = packet[offset]
        if element_id == 0:               # padding, without a length
            offset += 1
            continue
        if offset + 2 > end:
            return False
        size = packet[offset + 1]
        offset += 2
        if offset + size > end:
            return False
        note(found, kind_of_id[element_id], offset, size)
        offset += size
    return True


cdef inline void note(
        RtpExtensions* found, uint8_t kind, size_t offset, uint8_t size) noexcept nogil:
    """The first element of a kind counts; an empty one is as good as none."""
    if kind < EXT_KINDS and found.size[kind] == 0:
        found.offset[kind] = <uint16_t>offset
        found.size[kind] = size
