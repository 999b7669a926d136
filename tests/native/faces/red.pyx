from libc.stdint cimport uint8_t

from fastsfu._native.packet.red cimport red_read

from tests.native.faces.exact cimport exact, free


def read(bytes payload):
    """(bytes in front of the newest block, its payload type), or None."""
    cdef uint8_t pt = 0
    cdef uint8_t* copy = exact(payload)
    cdef int offset = red_read(copy, len(payload), &pt)
    free(copy)
    return None if offset < 0 else (offset, pt)
