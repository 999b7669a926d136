"""See bits.pxd."""


cdef uint32_t bits_take(Bits* bits, int count) noexcept nogil:
    cdef uint32_t value = 0
    cdef int _i
    if bits.at + count > bits.end:
        bits.overrun = True
        bits.at = bits.end
        return 0
    for _i in range(count):
        value = value << 1 | (bits.data[bits.at >> 3] >> (7 - (bits.at & 7)) & 1)
        bits.at += 1
    return value


cdef uint32_t bits_golomb(Bits* bits) noexcept nogil:
    cdef int zeros = 0
    while not bits.overrun and bits_take(bits, 1) == 0:
        zeros += 1
    if zeros > 31:
        bits.overrun = True
    if bits.overrun:
        return 0
    return (<uint32_t>1 << zeros) - 1 + bits_take(bits, zeros)
