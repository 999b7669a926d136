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


cdef void bits_put(BitWriter* writer, uint32_t value, int count) noexcept nogil:
    cdef int i
    if writer.at + count > writer.end:
        writer.overrun = True
        return
    for i in range(count - 1, -1, -1):
        if value >> i & 1:
            writer.data[writer.at >> 3] |= 0x80 >> (writer.at & 7)
        writer.at += 1


cdef void bits_copy(
        BitWriter* writer, const uint8_t* data, uint32_t begin, uint32_t count) noexcept nogil:
    cdef Bits bits = [data, begin, begin + count, False]
    cdef int part
    while bits.at < bits.end and not writer.overrun:
        part = <int>min(bits.end - bits.at, <uint32_t>32)
        bits_put(writer, bits_take(&bits, part), part)
