"""Reads and writes bits, highest first; never beyond the end."""

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

cdef struct BitWriter:
    uint8_t* data                 # zeroes before
    uint32_t at                   # in bits
    uint32_t end
    bint overrun                  # more was written than there is room for: that is missing

# The lowest `count` bits of `value`, count <= 32.
cdef void bits_put(BitWriter* writer, uint32_t value, int count) noexcept nogil
# `count` bits of another place, from bit `begin` on.
cdef void bits_copy(
    BitWriter* writer, const uint8_t* data, uint32_t begin, uint32_t count) noexcept nogil
