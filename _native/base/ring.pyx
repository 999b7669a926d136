"""`head` and `tail` count bytes and never wrap (64 bits); a position is the count modulo capacity.

A record is its size (8 bytes, of which 4 used) and its bytes, rounded up to 8. One that does not
fit before the end of the memory leaves the rest as a FILLER record and begins at position 0.
Tail is stored with release order after the record is written and loaded with acquire order before
it is read; head likewise, after the record is wiped, so that the producer never writes over a
record in use.
"""

from libc.errno cimport EINVAL, errno
from libc.string cimport memset

from fastsfu._native.base.atomic cimport exchange, load_acquire, store_release
from fastsfu._native.base.posix cimport (
    EFD_CLOEXEC, EFD_NONBLOCK, close, eventfd, explicit_bzero, map_secret, munmap, read, write)

cdef enum:
    RECORD_HEADER = 8
    SMALLEST_RING = 64
    FILLER = 0xFFFFFFFF       # as a record's size: skip to position 0


cdef int ring_map(Ring* ring, uint32_t capacity) noexcept nogil:
    memset(ring, 0, sizeof(Ring))
    ring.eventfd = -1
    if capacity < SMALLEST_RING or capacity & (capacity - 1):
        return -EINVAL
    ring.data = <uint8_t*>map_secret(capacity, &ring.locked)
    if ring.data == NULL:
        return -errno
    ring.capacity = capacity
    return 0


cdef int ring_init(Ring* ring, uint32_t capacity) noexcept nogil:
    cdef int error = ring_map(ring, capacity)
    if error < 0:
        return error
    ring.eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
    if ring.eventfd < 0:
        error = errno
        ring_free(ring)
        return -error
    return 0


cdef void ring_free(Ring* ring) noexcept nogil:
    if ring.data != NULL:
        explicit_bzero(ring.data, ring.capacity)
        munmap(ring.data, ring.capacity)
    if ring.eventfd >= 0:
        close(ring.eventfd)
    memset(ring, 0, sizeof(Ring))
    ring.eventfd = -1


cdef inline uint64_t record_bytes(uint32_t size) noexcept nogil:
    return RECORD_HEADER + ((<uint64_t>size + 7) & ~<uint64_t>7)


cdef uint8_t* ring_reserve(Ring* ring, uint32_t size) noexcept nogil:
    cdef uint64_t need = record_bytes(size)
    cdef uint32_t position = <uint32_t>(ring.tail & (ring.capacity - 1))
    cdef uint32_t to_end = ring.capacity - position
    cdef uint64_t room = ring.capacity - (ring.tail - load_acquire(&ring.head))
    cdef uint32_t filler = to_end if need > to_end else 0
    ring.reserved = 0
    if need > ring.capacity // 2 or filler + need > room:
        ring.dropped += 1
        return NULL
    if filler:
        (<uint32_t*>(ring.data + position))[0] = FILLER
        position = 0
    (<uint32_t*>(ring.data + position))[0] = size
    ring.reserved = <uint32_t>(filler + need)
    return ring.data + position + RECORD_HEADER


cdef void ring_commit(Ring* ring) noexcept nogil:
    store_release(&ring.tail, ring.tail + ring.reserved)
    ring.reserved = 0


cdef void ring_wake(Ring* ring) noexcept nogil:
    cdef uint64_t one = 1
    if exchange(&ring.woken, 1) == 0:
        write(ring.eventfd, &one, sizeof(one))


cdef uint8_t* ring_front(Ring* ring, uint32_t* size) noexcept nogil:
    cdef uint32_t position = <uint32_t>(ring.head & (ring.capacity - 1))
    if ring.head == load_acquire(&ring.tail):
        return NULL
    size[0] = (<uint32_t*>(ring.data + position))[0]
    if size[0] == FILLER:
        explicit_bzero(ring.data + position, RECORD_HEADER)
        store_release(&ring.head, ring.head + (ring.capacity - position))
        position = 0
        size[0] = (<uint32_t*>ring.data)[0]
    return ring.data + position + RECORD_HEADER


cdef void ring_pop(Ring* ring) noexcept nogil:
    cdef uint8_t* record = ring.data + (ring.head & (ring.capacity - 1))
    cdef uint64_t size = record_bytes((<uint32_t*>record)[0])
    explicit_bzero(record, size)
    store_release(&ring.head, ring.head + size)


cdef void ring_drain_wake(Ring* ring) noexcept nogil:
    """The order matters: cleared before it is read, `woken` could stay set with nothing to read,
    and no later wake-up would write."""
    cdef uint64_t count
    read(ring.eventfd, &count, sizeof(count))
    exchange(&ring.woken, 0)


cdef uint64_t ring_end(Ring* ring) noexcept nogil:
    return load_acquire(&ring.tail)


cdef uint64_t ring_room(Ring* ring) noexcept nogil:
    return ring.capacity - (ring.tail - load_acquire(&ring.head))
