from libc.stdint cimport uint8_t
from libc.stdlib cimport malloc
from libc.string cimport memcpy

from fastsfu._native.packet.red cimport RED_HEADER, red_older, red_prepend, red_read

from tests.native.faces.exact cimport exact, free


def read(bytes payload):
    """(bytes in front of the newest block, its payload type), or None."""
    cdef uint8_t pt = 0
    cdef uint8_t* copy = exact(payload)
    cdef int offset = red_read(copy, len(payload), &pt)
    free(copy)
    return None if offset < 0 else (offset, pt)


def older(bytes payload):
    cdef uint8_t* copy = exact(payload)
    cdef int offset = red_older(copy)
    free(copy)
    return offset


def prepend(bytes payload, int pt, int offset, bytes block):
    cdef size_t size = len(payload) + RED_HEADER + len(block)
    cdef uint8_t* copy = <uint8_t*>malloc(size)
    memcpy(copy, <const uint8_t*>payload, len(payload))
    red_prepend(copy, len(payload), pt, offset, <const uint8_t*>block, len(block))
    grown = copy[:size]
    free(copy)
    return grown
