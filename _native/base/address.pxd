"""A host and port of either family."""

from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memcmp

cdef struct Address:
    uint8_t family            # 4 or 6; 0 = none
    uint8_t ip[16]            # network order; IPv4 in the first 4
    uint16_t port             # host order


cdef inline bint address_equal(const Address* a, const Address* b) noexcept nogil:
    return (
        a.family == b.family and a.port == b.port
        and memcmp(a.ip, b.ip, 4 if a.family == 4 else 16) == 0
    )
