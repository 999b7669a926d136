"""Packet buffers: fixed slabs, locked in memory, left out of core dumps, wiped when the last
holder lets go (promise P5).

A pool belongs to one worker thread, and counting holders is not atomic. Another thread may read a
buffer that it is lent: a loan is a Buffer of its own with the same bytes, whose holders that thread
counts; the last release there hands it back, and pool_settle ends the lender's hold. Memory grows
slab by slab up to the limit and is given back only by pool_free.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    BUFFER_HEAD = 32          # sizeof(Buffer)
    BUFFER_CAPACITY = 2016    # bytes of one datagram; with the head before them: 2 KiB a buffer
    SLAB_BUFFERS = 256        # half a megabyte at a time

cdef struct Buffer:
    Buffer* next              # free list; NULL while taken
    Pool* pool                # where the last release returns it
    uint8_t* data             # BUFFER_CAPACITY bytes behind this head; of a loan: of what was lent
    uint32_t refs             # holders; 0 = free
    # Bytes of `data` that a holder ever wrote: what the last release wipes. Whoever writes beyond
    # it (a tag, padding) raises it, and nobody lowers it below what was written.
    uint16_t size
    uint16_t unused           # the storage begins at byte BUFFER_HEAD

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
    Buffer* loans             # free ones
    Slab* loan_slabs
    uint32_t lent             # loans that have not been settled
    uint64_t apart0[8]        # a cache line for the only field that others write
    Buffer* returned          # loans that were handed back, newest first
    uint64_t apart1[7]

# Maps the first slab. 0, or -errno.
cdef int pool_init(Pool* pool, uint32_t limit) noexcept nogil
# refs = 1, size = 0, data zeroed; NULL when exhausted (counted).
cdef Buffer* pool_take(Pool* pool) noexcept nogil
# Every buffer must have been released and every loan settled: `used` and `lent` are 0.
cdef void pool_free(Pool* pool) noexcept nogil
# A hold of an own buffer for another thread to read (refs = 1); NULL: out of memory.
cdef Buffer* pool_lend(Buffer* buffer) noexcept nogil
# The out-of-line tails of pool_settle and buffer_release.
cdef void pool_take_back(Pool* pool) noexcept nogil
cdef void buffer_return(Buffer* buffer) noexcept nogil


cdef inline void buffer_hold(Buffer* buffer) noexcept nogil:
    buffer.refs += 1


cdef inline void buffer_release(Buffer* buffer) noexcept nogil:
    buffer.refs -= 1
    if buffer.refs == 0:
        buffer_return(buffer)


# Take back what other threads have let go of; nothing to do, and no atomic, when nothing is lent.
cdef inline void pool_settle(Pool* pool) noexcept nogil:
    if pool.lent:
        pool_take_back(pool)
