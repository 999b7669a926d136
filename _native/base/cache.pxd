"""Lines of cache that are asked for before they are needed."""

from libc.stdint cimport uint8_t

cdef enum:
    CACHE_LINE = 64


cdef extern from * nogil:
    """
    static inline void ask_for_line(const void *at) { __builtin_prefetch(at); }
    """
    void ask_for_line(const void* at)


cdef inline void ask_for_lines(const void* at, int count) noexcept nogil:
    cdef int i
    for i in range(count):
        ask_for_line(<const uint8_t*>at + i * CACHE_LINE)
