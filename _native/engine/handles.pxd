"""Handles: generation << 32 | index. The event loop's thread gives them out; an index is used
again, a handle never.
"""

from libc.stdint cimport uint32_t, uint64_t

cdef struct Handles:
    uint32_t* generations         # of each index; odd = taken
    uint32_t* free                # stack of indices that are free
    uint32_t free_count
    uint32_t capacity

cdef int handles_init(Handles* handles, uint32_t capacity) noexcept nogil    # 0, or -ENOMEM
cdef void handles_free(Handles* handles) noexcept nogil
cdef uint64_t handles_take(Handles* handles) noexcept nogil                  # 0: none left
cdef bint handles_live(const Handles* handles, uint64_t handle) noexcept nogil
cdef void handles_give_back(Handles* handles, uint64_t handle) noexcept nogil    # a live one
