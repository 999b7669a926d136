"""Lists of pointers without an order: who comes takes the seat behind the last one, who leaves
gives his to the last one.

The arrays are typed where they are read, and cast for these verbs alone. Who has to find his seat
at once keeps its place; of the others there are few.
"""

# Room for one more, `item_bytes` each, at least `least` of them. 0, or -1: out of memory.
cdef int seats_grow(
    void** items, size_t item_bytes, int count, int* capacity, int least) noexcept nogil


# The place; there is room.
cdef inline int seats_take(void** items, int* count, void* item) noexcept nogil:
    cdef int place = count[0]
    items[place] = item
    count[0] = place + 1
    return place


# Who sits at `place` now: tell him. When the last one has left it is himself.
cdef inline void* seats_leave(void** items, int* count, int place) noexcept nogil:
    cdef void* left = items[place]
    count[0] -= 1
    items[place] = items[count[0]]
    return items[place] if place < count[0] else left


# By a search; no-op when it is not there.
cdef inline void seats_drop(void** items, int* count, const void* item) noexcept nogil:
    cdef int i
    for i in range(count[0]):
        if items[i] == item:
            seats_leave(items, count, i)
            return
