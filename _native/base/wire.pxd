"""Big-endian reads and writes at a pointer. The caller has checked the bounds: every parser does so
once, up front."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t


cdef inline uint16_t read_u16(const uint8_t* p) noexcept nogil:
    return <uint16_t>((p[0] << 8) | p[1])


cdef inline uint32_t read_u24(const uint8_t* p) noexcept nogil:
    return (<uint32_t>p[0] << 16) | (<uint32_t>p[1] << 8) | p[2]


cdef inline uint32_t read_u32(const uint8_t* p) noexcept nogil:
    return (<uint32_t>p[0] << 24) | (<uint32_t>p[1] << 16) | (<uint32_t>p[2] << 8) | p[3]


cdef inline uint64_t read_u64(const uint8_t* p) noexcept nogil:
    return (<uint64_t>read_u32(p) << 32) | read_u32(p + 4)


cdef inline void write_u16(uint8_t* p, uint16_t value) noexcept nogil:
    p[0] = <uint8_t>(value >> 8)
    p[1] = <uint8_t>value


cdef inline void write_u24(uint8_t* p, uint32_t value) noexcept nogil:
    p[0] = <uint8_t>(value >> 16)
    p[1] = <uint8_t>(value >> 8)
    p[2] = <uint8_t>value


cdef inline void write_u32(uint8_t* p, uint32_t value) noexcept nogil:
    p[0] = <uint8_t>(value >> 24)
    p[1] = <uint8_t>(value >> 16)
    p[2] = <uint8_t>(value >> 8)
    p[3] = <uint8_t>value


cdef inline void write_u64(uint8_t* p, uint64_t value) noexcept nogil:
    write_u32(p, <uint32_t>(value >> 32))
    write_u32(p + 4, <uint32_t>value)
