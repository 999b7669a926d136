"""Packet buffers: fixed slabs, locked in memory, left out of core dumps, wiped when the last
holder lets go (promise P5).

A pool belongs to one worker thread; nothing here is atomic. Memory grows slab by slab up to the
limit and is given back only by pool_free.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    BUFFER_CAPACITY = 2016    # bytes of one datagram; with the header below: 2 KiB a buffer
    SLAB_BUFFERS = 256        # half a megabyte at a time

cdef struct Buffer:
    Buffer* next              # free list; NULL while taken
    Pool* pool                # where the last release returns it
    uint32_t refs             # holders; 0 = free
    # Bytes of `data` that a holder ever wrote: what the last release wipes. Whoever writes beyond
    # it (a tag, padding) raises it, and nobody lowers it below what was written.
    uint16_t size
    uint16_t unused[5]        # `data` begins at byte 32
    uint8_t data[BUFFER_CAPACITY]

cdef struct Slab:             # at the start of its mapping, its buffers behind it
    Slab* next
    size_t bytes              # of the mapping

cdef struct Pool:
    Buffer* free
    Slab* slabs
    uint32_t capacity         # buffers in all slabs
    uint32_t limit            # buffers it may grow to
    uint32_t used             # buffers taken now
    uint32_t high_water       # most ever taken
    uint64_t exhausted        # pool_take calls that found none
    bint locked               # mlock succeeded for every slab; failing is no error (RLIMIT_MEMLOCK)

# Maps the first slab. 0, or -errno.
cdef int pool_init(Pool* pool, uint32_t limit) noexcept nogil
# refs = 1, size = 0, data zeroed; NULL when exhausted (counted).
cdef Buffer* pool_take(Pool* pool) noexcept nogil
# Every buffer must have been released: `used` is 0.
cdef void pool_free(Pool* pool) noexcept nogil
# The out-of-line tail of buffer_release.
cdef void buffer_wipe_return(Buffer* buffer) noexcept nogil


cdef inline void buffer_hold(Buffer* buffer) noexcept nogil:
    buffer.refs += 1


cdef inline void buffer_release(Buffer* buffer) noexcept nogil:
    buffer.refs -= 1
    if buffer.refs == 0:
        buffer_wipe_return(buffer)
