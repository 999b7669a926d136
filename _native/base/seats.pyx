"""How lists of seats grow; see seats.pxd."""

from libc.stdlib cimport realloc


cdef int seats_grow(
        void** items, size_t item_bytes, int count, int* capacity, int least) noexcept nogil:
    cdef int wanted = max(least, 2 * capacity[0])
    cdef void* grown
    if count < capacity[0]:
        return 0
    grown = realloc(items[0], wanted * item_bytes)
    if grown == NULL:
        return -1
    items[0] = grown
    capacity[0] = wanted
    return 0
