"""One free list over all slabs, last in first out."""

from libc.string cimport memset

from fastsfu._native.base.posix cimport explicit_bzero, map_secret, munmap


cdef void arena_init(KeyArena* arena) noexcept nogil:
    memset(arena, 0, sizeof(KeyArena))
    arena.locked = True


cdef void arena_free(KeyArena* arena) noexcept nogil:
    cdef KeySlab* slab = arena.slabs
    cdef KeySlab* next_slab
    while slab != NULL:
        next_slab = slab.next
        explicit_bzero(slab, KEY_SLAB)
        munmap(slab, KEY_SLAB)
        slab = next_slab
    memset(arena, 0, sizeof(KeyArena))


cdef void* arena_take(KeyArena* arena) noexcept nogil:
    cdef KeyCell* cell
    if arena.free == NULL and grow(arena) != 0:
        return NULL
    cell = arena.free
    arena.free = cell.next
    cell.next = NULL
    arena.used += 1
    return cell


cdef void arena_give(KeyArena* arena, void* cell) noexcept nogil:
    cdef KeyCell* given = <KeyCell*>cell
    if cell == NULL:
        return
    explicit_bzero(cell, KEY_CELL)
    given.next = arena.free
    arena.free = given
    arena.used -= 1


cdef int grow(KeyArena* arena) noexcept nogil:
    cdef bint locked = False
    cdef KeySlab* slab = <KeySlab*>map_secret(KEY_SLAB, &locked)
    cdef KeyCell* cell
    cdef int i
    if slab == NULL:
        return -1
    arena.locked = arena.locked and locked
    slab.next = arena.slabs
    arena.slabs = slab
    for i in range(1, KEY_SLAB // KEY_CELL):
        cell = <KeyCell*>(<uint8_t*>slab + i * KEY_CELL)
        cell.next = arena.free
        arena.free = cell
    return 0
