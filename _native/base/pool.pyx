"""Slabs of packet buffers on one free list, last in first out so that the warm ones are reused."""

from libc.errno cimport EINVAL, errno
from libc.string cimport memset

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
    memset(pool, 0, sizeof(Pool))


cdef void buffer_wipe_return(Buffer* buffer) noexcept nogil:
    cdef Pool* pool = buffer.pool
    explicit_bzero(buffer.data, buffer.size)
    forbid(buffer.data, BUFFER_CAPACITY)
    buffer.next = pool.free
    pool.free = buffer
    pool.used -= 1


cdef int grow(Pool* pool) noexcept nogil:
    cdef uint32_t count = min(<uint32_t>SLAB_BUFFERS, pool.limit - pool.capacity)
    cdef size_t size = SLAB_HEADER + count * sizeof(Buffer)
    cdef bint locked = False
    cdef Slab* slab = <Slab*>map_secret(size, &locked)
    cdef Buffer* buffers
    cdef uint32_t i
    if slab == NULL:
        return -errno
    slab.next = pool.slabs
    slab.bytes = size
    pool.slabs = slab
    pool.locked = pool.locked and locked
    pool.capacity += count
    buffers = <Buffer*>(<uint8_t*>slab + SLAB_HEADER)
    for i in range(count):
        buffers[i].pool = pool
        buffers[i].next = pool.free
        pool.free = &buffers[i]
        forbid(buffers[i].data, BUFFER_CAPACITY)
    return 0
