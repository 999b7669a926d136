"""Consent and reports; see control.pxd."""

from libc.string cimport memcpy

from benchmarks.load.parties cimport CHECK_CAPACITY
from benchmarks.load.sockets cimport MSG_DONTWAIT, htonl, send


cdef int control_set(Control* control, int fd, uintptr_t protect, bytes check) except -1:
    if len(check) > CHECK_CAPACITY:
        raise ValueError("the consent check is too long")
    control.fd = fd
    control.protect = <void*>protect
    control.check_size = <int>len(check)
    memcpy(control.check, <const char*>check, control.check_size)
    return 0


cdef void control_check(const Control* control) noexcept nogil:
    send(control.fd, control.check, control.check_size, MSG_DONTWAIT)


cdef void control_report(
        Control* control, SrtpFunction protect, uint32_t ssrc, bint check) noexcept nogil:
    cdef uint8_t packet[256]
    cdef int size = 8
    (<uint32_t*>packet)[0] = htonl(0x80C90001)
    (<uint32_t*>(packet + 4))[0] = htonl(ssrc)
    if protect(control.protect, packet, &size) == 0:
        send(control.fd, packet, size, MSG_DONTWAIT)
    if check:
        control_check(control)


cdef int control_requests(const uint8_t* packet, int size, uint64_t* feedback) noexcept nogil:
    cdef int offset = 0, requests = 0
    while offset + 4 <= size:
        feedback[0] += packet[offset + 1] == 205 and packet[offset] & 31 == 15
        requests += packet[offset + 1] == 206 and packet[offset] & 31 in (1, 4)
        offset += 4 + 4 * ((packet[offset + 2] << 8) | packet[offset + 3])
    return requests
