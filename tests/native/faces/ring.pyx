from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy, memset

from fastsfu._native.base.ring cimport (
    Ring, ring_commit, ring_drain_wake, ring_free, ring_front, ring_init, ring_pop, ring_reserve,
    ring_wake)

cdef extern from "<poll.h>" nogil:
    struct pollfd:
        int fd
        short events
        short revents
    int poll(pollfd* fds, unsigned long count, int timeout_ms)
    enum:
        POLLIN

cdef extern from "<sched.h>" nogil:
    int sched_yield()


cdef class RingFace:
    cdef Ring ring

    def __init__(self, uint32_t capacity):
        cdef int status = ring_init(&self.ring, capacity)
        if status:
            raise OSError(-status, "ring_init")

    def close(self):
        ring_free(&self.ring)

    def fileno(self):
        return self.ring.eventfd

    def dropped(self):
        return self.ring.dropped

    def memory(self):
        return self.ring.data[:self.ring.capacity]

    def address(self):
        return <size_t>self.ring.data

    def reserve(self, uint32_t size):
        """Address of the room, 0 when there is none."""
        return <size_t>ring_reserve(&self.ring, size)

    def commit(self):
        ring_commit(&self.ring)

    def push(self, bytes record):
        cdef uint8_t* room = ring_reserve(&self.ring, len(record))
        if room == NULL:
            return False
        memcpy(room, <const char*>record, len(record))
        ring_commit(&self.ring)
        return True

    def front(self):
        cdef uint32_t size = 0
        cdef uint8_t* record = ring_front(&self.ring, &size)
        return None if record == NULL else record[:size]

    def pop(self):
        ring_pop(&self.ring)

    def wake(self):
        ring_wake(&self.ring)

    def drain_wake(self):
        ring_drain_wake(&self.ring)

    def produce(self, uint32_t count, uint32_t largest):
        """`count` records of mixed sizes, waking for each; runs beside `consume`."""
        with nogil:
            produce(&self.ring, count, largest)

    def consume(self, uint32_t count, uint32_t largest, int timeout_ms):
        """How many records came as produced before one was wrong or no wake-up came."""
        cdef uint32_t good
        with nogil:
            good = consume(&self.ring, count, largest, timeout_ms)
        return good


cdef inline uint32_t size_of(uint32_t number, uint32_t largest) noexcept nogil:
    return 4 + (number * <uint32_t>2654435761) % (largest - 3)


cdef void produce(Ring* ring, uint32_t count, uint32_t largest) noexcept nogil:
    cdef uint32_t number, size
    cdef uint8_t* room
    for number in range(count):
        size = size_of(number, largest)
        room = ring_reserve(ring, size)
        while room == NULL:
            sched_yield()
            room = ring_reserve(ring, size)
        memset(room, number & 0xFF, size)
        memcpy(room, &number, sizeof(number))
        ring_commit(ring)
        ring_wake(ring)


cdef bint is_right(
        const uint8_t* record, uint32_t size, uint32_t number, uint32_t largest) noexcept nogil:
    cdef uint32_t written, i
    memcpy(&written, record, sizeof(written))
    if written != number or size != size_of(number, largest):
        return False
    for i in range(4, size):
        if record[i] != (number & 0xFF):
            return False
    return True


cdef uint32_t consume(Ring* ring, uint32_t count, uint32_t largest, int timeout_ms) noexcept nogil:
    cdef pollfd waiting
    cdef uint32_t number = 0
    cdef uint32_t size = 0
    cdef uint8_t* record
    waiting.fd = ring.eventfd
    waiting.events = POLLIN
    while number < count and poll(&waiting, 1, timeout_ms) == 1:
        ring_drain_wake(ring)
        record = ring_front(ring, &size)
        while record != NULL:
            if not is_right(record, size, number, largest):
                return number
            ring_pop(ring)
            number += 1
            record = ring_front(ring, &size)
    return number
