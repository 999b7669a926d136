"""Key memory: cells of 1 KiB in locked slabs that core dumps leave out, wiped when given back
(promise P5). Thousands of expanded keys so share few pages. An arena belongs to one thread."""

from libc.stdint cimport uint8_t, uint32_t

cdef enum:
    KEY_CELL = 1024           # bytes: what IPsec-MB wants for an AES-GCM key
    KEY_SLAB = 65536          # bytes of one mapping; its first cell holds the KeySlab

cdef struct KeyCell:
    KeyCell* next             # free list; the rest of a free cell is zero

cdef struct KeySlab:
    KeySlab* next

cdef struct KeyArena:
    KeyCell* free
    KeySlab* slabs
    uint32_t used             # cells taken now
    bint locked               # mlock succeeded for every slab

cdef void arena_init(KeyArena* arena) noexcept nogil
cdef void arena_free(KeyArena* arena) noexcept nogil               # wipes and unmaps every slab
cdef void* arena_take(KeyArena* arena) noexcept nogil              # zeroed, aligned to 64; or NULL
cdef void arena_give(KeyArena* arena, void* cell) noexcept nogil   # wipes it; NULL is allowed
