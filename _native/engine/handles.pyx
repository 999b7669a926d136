"""Handles; see handles.pxd."""

from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from fastsfu._native.base.net cimport ENOMEM


cdef int handles_init(Handles* handles, uint32_t capacity) noexcept nogil:
    cdef uint32_t i
    handles.generations = <uint32_t*>calloc(capacity, sizeof(uint32_t))
    handles.free = <uint32_t*>calloc(capacity, sizeof(uint32_t))
    handles.capacity = capacity
    handles.free_count = capacity
    if handles.generations == NULL or handles.free == NULL:
        return -ENOMEM
    for i in range(capacity):
        handles.free[i] = capacity - 1 - i     # low indices first: tables stay dense
    return 0


cdef void handles_free(Handles* handles) noexcept nogil:
    free(handles.generations)
    free(handles.free)
    handles.generations = handles.free = NULL
    handles.capacity = handles.free_count = 0


cdef uint64_t handles_take(Handles* handles) noexcept nogil:
    cdef uint32_t index
    if handles.free_count == 0:
        return 0
    handles.free_count -= 1
    index = handles.free[handles.free_count]
    handles.generations[index] += 1
    return <uint64_t>handles.generations[index] << 32 | index


cdef bint handles_live(const Handles* handles, uint64_t handle) noexcept nogil:
    cdef uint32_t index = <uint32_t>handle
    cdef uint32_t generation = <uint32_t>(handle >> 32)
    return index < handles.capacity and generation & 1 and handles.generations[index] == generation


cdef void handles_give_back(Handles* handles, uint64_t handle) noexcept nogil:
    cdef uint32_t index = <uint32_t>handle
    handles.generations[index] += 1
    handles.free[handles.free_count] = index
    handles.free_count += 1
