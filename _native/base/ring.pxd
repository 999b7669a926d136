"""Single-producer single-consumer ring of variable-sized records between two threads, with an
eventfd to wake the consumer.

A record is contiguous. The consumer wipes it when it pops (records carry keys: promise P5). The
memory is locked where RLIMIT_MEMLOCK allows it and left out of core dumps.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef struct Ring:             # a cache line for each writer
    uint8_t* data
    uint32_t capacity         # bytes, a power of two
    int eventfd               # readable while the consumer has been woken and has not drained
    bint locked               # mlock succeeded
    uint32_t pad0[11]
    uint64_t head             # next byte to read; written by the consumer only
    uint32_t pad1[14]
    uint64_t tail             # next byte to write; written by the producer only
    uint64_t dropped          # reservations refused: full, or too large (producer's)
    uint32_t reserved         # bytes the next commit publishes (producer's)
    uint32_t pad2[11]
    uint32_t woken            # eventfd was written and not drained; both write it

# capacity: a power of two, at least 64. 0, or -errno.
cdef int ring_init(Ring* ring, uint32_t capacity) noexcept nogil
# The same without an eventfd: whoever produces tells the consumer by other means.
cdef int ring_map(Ring* ring, uint32_t capacity) noexcept nogil
cdef void ring_free(Ring* ring) noexcept nogil
# Producer: room for a record, 8-byte aligned; NULL (counted) when it does not fit now, or is longer
# than capacity / 2 - 8 and never would. A second reservation before the commit replaces the first.
cdef uint8_t* ring_reserve(Ring* ring, uint32_t size) noexcept nogil
# Producer: publish the reserved record. Wakes nobody.
cdef void ring_commit(Ring* ring) noexcept nogil
# Make eventfd readable; one atomic exchange when it already is. Any thread may.
cdef void ring_wake(Ring* ring) noexcept nogil
# Consumer: the oldest record, or NULL. Stays until popped.
cdef uint8_t* ring_front(Ring* ring, uint32_t* size) noexcept nogil
# Consumer: wipe and free the record that ring_front gave.
cdef void ring_pop(Ring* ring) noexcept nogil
# Consumer: call when eventfd is readable, before looking, so that no wake-up is lost.
cdef void ring_drain_wake(Ring* ring) noexcept nogil
# Consumer: where what has been published ends; `head` has come so far when all of it is popped.
cdef uint64_t ring_end(Ring* ring) noexcept nogil
# Producer: bytes that are free.
cdef uint64_t ring_room(Ring* ring) noexcept nogil
