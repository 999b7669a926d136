from libc.stdint cimport uint8_t

cdef bint vp8_starts_keyframe(const uint8_t* payload, size_t size) noexcept nogil
