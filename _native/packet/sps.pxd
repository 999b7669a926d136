"""H.264's sequence parameter set (section 7.3.2.1.1), as far as the picture's height."""

from libc.stdint cimport uint8_t, uint16_t

# `unit`: behind the NAL unit's header. 0: malformed, beyond 16 bits, or with scaling matrices.
cdef uint16_t sps_height(const uint8_t* unit, size_t size) noexcept nogil
