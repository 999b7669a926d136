"""Serial number arithmetic (RFC 1982) of 16-bit sequence numbers, and their 64-bit extension."""

from libc.stdint cimport int16_t, int64_t, uint16_t


cdef inline int seq_diff(uint16_t a, uint16_t b) noexcept nogil:
    """How far `a` is ahead of `b`: -32768 to 32767."""
    return <int16_t><uint16_t>(a - b)


cdef inline int64_t seq_extend(uint16_t seq, int64_t near) noexcept nogil:
    """The extended sequence number with these low 16 bits that lies nearest to `near`."""
    return near + seq_diff(seq, <uint16_t>near)
