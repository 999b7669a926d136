"""Packet buffers: fixed slabs, locked in memory, left out of core dumps, wiped when the last holder lets go (promise P5).

A pool belongs to one worker thread; nothing here is atomic.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    BUFFER_CAPACITY = 2016    # bytes of one datagram; with the header below: 2 KiB a buffer

cdef struct Buffer:
    Buffer* next              # free list; NULL while taken
    Pool* pool                # where the last release returns it
    uint32_t refs             # holders; 0 = free
    uint16_t size             # bytes of `data` ever written by a holder: what the last release wipes
    uint8_t data[BUFFER_CAPACITY]

cdef struct Slab:
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
    bint locked               # mlock succeeded for every slab

cdef int pool_init(Pool* pool, uint32_t limit) noexcept nogil          # 0, or -errno
cdef Buffer* pool_take(Pool* pool) noexcept nogil                       # NULL when exhausted (counted); refs = 1
cdef void pool_free(Pool* pool) noexcept nogil                          # every buffer must have been released
cdef void buffer_wipe_return(Buffer* buffer) noexcept nogil             # out-of-line tail of buffer_release


cdef inline void buffer_hold(Buffer* buffer) noexcept nogil:
    buffer.refs += 1


cdef inline void buffer_release(Buffer* buffer) noexcept nogil:
    buffer.refs -= 1
    if buffer.refs == 0:
        buffer_wipe_return(buffer)
