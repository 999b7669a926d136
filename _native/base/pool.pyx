"""Slabs of packet buffers on one free list, last in first out so that the warm ones are reused.

Loans have slabs of their own, without storage. Handed back, they form a stack: any thread pushes,
the lender alone takes, and always all of it, so that no head can come back unnoticed.
"""

from libc.errno cimport EINVAL, errno
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from fastsfu._native.base.atomic cimport exchange_pointer, load_pointer, replace_pointer
from fastsfu._native.base.posix cimport explicit_bzero, map_secret, munmap

# A sanitizer build reports whoever touches a buffer's bytes after its last release.
cdef extern from * nogil:
    """
    #if defined(__SANITIZE_ADDRESS__)
    #include <sanitizer/asan_interface.h>
    #define FASTSFU_FORBID(address, size) __asan_poison_memory_region(address, size)
    #define FASTSFU_ALLOW(address, size) __asan_unpoison_memory_region(address, size)
    #else
    #define FASTSFU_FORBID(address, size) ((void)0)
    #define FASTSFU_ALLOW(address, size) ((void)0)
    #endif
    """
    void forbid "FASTSFU_FORBID"(void* address, size_t size)
    void allow "FASTSFU_ALLOW"(void* address, size_t size)

cdef enum:
    SLAB_HEADER = 64          # bytes: Slab, and the buffers stay aligned to cache lines


cdef int pool_init(Pool* pool, uint32_t limit) noexcept nogil:
    memset(pool, 0, sizeof(Pool))
    if limit == 0:
        return -EINVAL
    pool.limit = limit
    pool.locked = True
    return grow(pool)


cdef Buffer* pool_take(Pool* pool) noexcept nogil:
    cdef Buffer* buffer
    if pool.free == NULL and (pool.capacity == pool.limit or grow(pool) != 0):
        pool.exhausted += 1
        return NULL
    buffer = pool.free
    pool.free = buffer.next
    buffer.next = NULL
    buffer.refs = 1
    buffer.size = 0
    allow(buffer.data, BUFFER_CAPACITY)
    pool.used += 1
    if pool.used > pool.high_water:
        pool.high_water = pool.used
    return buffer


cdef void pool_free(Pool* pool) noexcept nogil:
    cdef Slab* slab = pool.slabs
    cdef Slab* next_slab
    while slab != NULL:
        next_slab = slab.next
        allow(slab, slab.bytes)
        munmap(slab, slab.bytes)
        slab = next_slab
    slab = pool.loan_slabs
    while slab != NULL:
        next_slab = slab.next
        free(slab)
        slab = next_slab
    memset(pool, 0, sizeof(Pool))


cdef inline uint8_t* storage(Buffer* buffer) noexcept nogil:
    return <uint8_t*>buffer + BUFFER_HEAD


cdef void buffer_return(Buffer* buffer) noexcept nogil:
    cdef Pool* pool = buffer.pool
    if buffer.data != storage(buffer):
        hand_back(pool, buffer)
        return
    explicit_bzero(buffer.data, buffer.size)
    forbid(buffer.data, BUFFER_CAPACITY)
    buffer.next = pool.free
    pool.free = buffer
    pool.used -= 1


cdef void hand_back(Pool* pool, Buffer* loan) noexcept nogil:
    cdef void* top = load_pointer(<void**>&pool.returned)
    loan.next = <Buffer*>top
    while not replace_pointer(<void**>&pool.returned, &top, loan):
        loan.next = <Buffer*>top


cdef Buffer* pool_lend(Buffer* buffer) noexcept nogil:
    cdef Pool* pool = buffer.pool
    cdef Buffer* loan
    if pool.loans == NULL and not grow_loans(pool):
        return NULL
    loan = pool.loans
    pool.loans = loan.next
    loan.next = NULL
    loan.data = buffer.data
    loan.size = buffer.size
    loan.refs = 1
    buffer.refs += 1
    pool.lent += 1
    return loan


cdef void pool_take_back(Pool* pool) noexcept nogil:
    cdef Buffer* loan
    cdef Buffer* rest
    cdef Buffer* buffer
    if load_pointer(<void**>&pool.returned) == NULL:
        return
    rest = <Buffer*>exchange_pointer(<void**>&pool.returned, NULL)
    while rest != NULL:
        loan = rest
        rest = loan.next
        buffer = <Buffer*>(loan.data - BUFFER_HEAD)
        loan.next = pool.loans
        pool.loans = loan
        pool.lent -= 1
        buffer_release(buffer)


cdef bint grow_loans(Pool* pool) noexcept nogil:
    cdef Slab* slab = <Slab*>calloc(1, SLAB_HEADER + SLAB_BUFFERS * sizeof(Buffer))
    cdef Buffer* loans
    cdef int i
    if slab == NULL:
        return False
    slab.next = pool.loan_slabs
    pool.loan_slabs = slab
    loans = <Buffer*>(<uint8_t*>slab + SLAB_HEADER)
    for i in range(SLAB_BUFFERS):
        loans[i].pool = pool
        loans[i].next = pool.loans
        pool.loans = &loans[i]
    return True


cdef int grow(Pool* pool) noexcept nogil:
    cdef uint32_t count = min(<uint32_t>SLAB_BUFFERS, pool.limit - pool.capacity)
    cdef size_t size = SLAB_HEADER + count * <size_t>(BUFFER_HEAD + BUFFER_CAPACITY)
    cdef bint locked = False
    cdef Slab* slab = <Slab*>map_secret(size, &locked)
    cdef Buffer* buffer
    cdef uint32_t i
    if slab == NULL:
        return -errno
    slab.next = pool.slabs
    slab.bytes = size
    pool.slabs = slab
    pool.locked = pool.locked and locked
    pool.capacity += count
    for i in range(count):
        buffer = <Buffer*>(<uint8_t*>slab + SLAB_HEADER + i * (BUFFER_HEAD + BUFFER_CAPACITY))
        buffer.pool = pool
        buffer.data = storage(buffer)
        buffer.next = pool.free
        pool.free = buffer
        forbid(buffer.data, BUFFER_CAPACITY)
    return 0
