"""Python face of base/seats, for its tests: a list of numbered items that know their places."""

from libc.stdint cimport intptr_t
from libc.stdlib cimport free

from fastsfu._native.base.seats cimport seats_drop, seats_grow, seats_leave, seats_take


cdef class Seats:
    cdef void** items
    cdef int count
    cdef int capacity
    cdef readonly dict places

    def __init__(self):
        self.places = {}

    def __dealloc__(self):
        free(self.items)

    def take(self, int item):
        if seats_grow(<void**>&self.items, sizeof(void*), self.count, &self.capacity, 2) < 0:
            raise MemoryError
        self.places[item] = seats_take(self.items, &self.count, <void*><intptr_t>item)

    def leave(self, int item):
        place = self.places[item]
        moved = <intptr_t>seats_leave(self.items, &self.count, place)
        self.places[moved] = place
        del self.places[item]

    def drop(self, int item):
        """Without its place; the others' places are no longer kept."""
        seats_drop(self.items, &self.count, <void*><intptr_t>item)

    def items_in_order(self):
        return [<intptr_t>self.items[i] for i in range(self.count)]
