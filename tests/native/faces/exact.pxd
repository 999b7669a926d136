"""Copies of exactly the size asked for, so that the sanitizers see a read or write beyond it."""

from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy


cdef inline uint8_t* exact(bytes data) except NULL:
    """Freed by the caller."""
    cdef uint8_t* copy = <uint8_t*>malloc(len(data) or 1)
    if copy == NULL:
        raise MemoryError
    memcpy(copy, <const char*>data, len(data))
    return copy
