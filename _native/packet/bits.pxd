"""Reads bits, highest first; never beyond the end."""

from libc.stdint cimport uint8_t, uint32_t

cdef struct Bits:
    const uint8_t* data
    uint32_t at                   # in bits
    uint32_t end
    bint overrun                  # more was asked for than there is; all reads are 0 from then on

# count <= 32
cdef uint32_t bits_take(Bits* bits, int count) noexcept nogil
# Exp-Golomb code (H.264 section 9.1): ue(v), and what se(v) takes of it; 0 beyond 32 bits.
cdef uint32_t bits_golomb(Bits* bits) noexcept nogil
