"""Single-producer single-consumer ring of variable-sized records between two threads, with an eventfd to wake the consumer.

A record is contiguous. The consumer wipes it when it pops (records carry keys: promise P5). The memory is mlocked and
left out of core dumps.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef struct Ring:
    uint8_t* data
    uint32_t capacity         # bytes, a power of two
    int eventfd               # readable while the consumer has been woken and has not drained
    uint64_t dropped          # reservations refused because the ring was full (producer's)
    uint32_t reserved         # bytes of the record being written (producer's)
    uint32_t pad0[8]
    uint64_t head             # next byte to read; written by the consumer only
    uint32_t pad1[16]
    uint64_t tail             # next byte to write; written by the producer only

cdef int ring_init(Ring* ring, uint32_t capacity) noexcept nogil            # 0, or -errno
cdef void ring_free(Ring* ring) noexcept nogil
cdef uint8_t* ring_reserve(Ring* ring, uint32_t size) noexcept nogil        # producer: room for a record (8-byte aligned), or NULL (counted)
cdef void ring_commit(Ring* ring) noexcept nogil                            # producer: publish the reserved record (no wake-up)
cdef void ring_wake(Ring* ring) noexcept nogil                              # producer: make eventfd readable (cheap when it already is)
cdef uint8_t* ring_front(Ring* ring, uint32_t* size) noexcept nogil         # consumer: oldest record, or NULL
cdef void ring_pop(Ring* ring) noexcept nogil                               # consumer: wipe and free it
cdef void ring_drain_wake(Ring* ring) noexcept nogil                        # consumer: before it looks, so that no wake-up is lost
