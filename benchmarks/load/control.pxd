"""What every party of the load does besides its media: consent and reports."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t, uintptr_t

from benchmarks.load.parties cimport Control

ctypedef int (*SrtpFunction)(void* session, void* packet, int* size) noexcept nogil

# Socket, SRTP session to the server, consent check; ValueError when that is too long.
cdef int control_set(Control* control, int fd, uintptr_t protect, bytes check) except -1
cdef void control_check(const Control* control) noexcept nogil
# Keyframe requests in a plain RTCP compound; its transport-wide feedback is added to `feedback`.
cdef int control_requests(const uint8_t* packet, int size, uint64_t* feedback) noexcept nogil
# An empty receiver report (RFC 3550 section 6.4.2), and the consent check when it is due.
cdef void control_report(
    Control* control, SrtpFunction protect, uint32_t ssrc, bint check) noexcept nogil


cdef inline bint is_rtp(const uint8_t* packet, int size) noexcept nogil:
    """RFC 7983 and RFC 5761: version 2, and not one of RTCP's packet types."""
    return size >= 12 and packet[0] >> 6 == 2 and not 64 <= (packet[1] & 0x7F) < 96
