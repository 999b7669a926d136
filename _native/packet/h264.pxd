from libc.stdint cimport uint8_t, uint16_t

cdef bint h264_starts_keyframe(const uint8_t* payload, size_t size) noexcept nogil
# Of a packet with parameter sets: the picture's height; 0: there are none, or they are not to be
# read here (encrypted, or with scaling matrices).
cdef uint16_t h264_height(const uint8_t* payload, size_t size) noexcept nogil
