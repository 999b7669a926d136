"""H.264 payloads (RFC 6184 section 5.2): single NAL unit, STAP-A (5.7.1) or FU-A (5.8).

A decoder starts at a sequence parameter set, or at an IDR picture when it has the parameter sets
already (out of band, or from just before). So where SPS, PPS and IDR come as separate packets, the
SPS is the start and the IDR counts as well. Only the first slice of an IDR picture does: its
first_mb_in_slice is 0, an Exp-Golomb code of a single 1 bit (H.264 section 7.3.3).
"""

from fastsfu._native.base.wire cimport read_u16
from fastsfu._native.packet.sps cimport sps_height

cdef enum:
    NAL_TYPE = 0x1F
    NAL_IDR = 5
    NAL_SPS = 7
    STAP_A = 24
    FU_A = 28
    FU_START = 0x80
    FIRST_SLICE = 0x80        # of the byte behind the NAL unit's header


cdef bint h264_starts_keyframe(const uint8_t* payload, size_t size) noexcept nogil:
    cdef uint8_t kind
    if size < 2:
        return False
    kind = payload[0] & NAL_TYPE
    if kind == STAP_A:
        return stap_starts(payload + 1, size - 1)
    if kind == FU_A:
        return size > 2 and payload[1] & FU_START != 0 and nal_starts(
            payload[1] & NAL_TYPE, payload[2])
    return nal_starts(kind, payload[1])


cdef uint16_t h264_height(const uint8_t* payload, size_t size) noexcept nogil:
    cdef size_t offset = 1
    cdef size_t unit_size
    if size < 2:
        return 0
    if payload[0] & NAL_TYPE == NAL_SPS:
        return sps_height(payload + 1, size - 1)
    while payload[0] & NAL_TYPE == STAP_A and offset + 3 < size:
        unit_size = read_u16(payload + offset)
        offset += 2
        if unit_size == 0 or unit_size > size - offset:
            return 0
        if payload[offset] & NAL_TYPE == NAL_SPS:
            return sps_height(payload + offset + 1, unit_size - 1)
        offset += unit_size
    return 0


cdef inline bint nal_starts(uint8_t kind, uint8_t behind_header) noexcept nogil:
    return kind == NAL_SPS or (kind == NAL_IDR and behind_header & FIRST_SLICE != 0)


cdef bint stap_starts(const uint8_t* units, size_t size) noexcept nogil:
    cdef size_t offset = 0
    cdef size_t unit_size
    while offset + 2 < size:
        unit_size = read_u16(units + offset)
        offset += 2
        if unit_size > size - offset:
            return False
        if unit_size >= 2 and nal_starts(units[offset] & NAL_TYPE, units[offset + 1]):
            return True
        offset += unit_size
    return False
