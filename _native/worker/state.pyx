"""Events into the ring; see state.pxd."""

from libc.stdint cimport uint32_t, uint64_t

from fastsfu._native.base.ring cimport ring_commit, ring_reserve
from fastsfu._native.worker.command cimport Head


cdef void* emit_reserve(
        Worker* worker, uint32_t kind, uint64_t handle, uint32_t size) noexcept nogil:
    cdef Head* head = <Head*>ring_reserve(&worker.events, size)
    if head == NULL:
        count_drop(worker, DROP_EVENT)
        return NULL
    head.kind = kind
    head.handle = handle
    return head


cdef void emit_commit(Worker* worker) noexcept nogil:
    ring_commit(&worker.events)
    worker.events_written = True


cdef bint emit_event(Worker* worker, uint32_t kind, uint64_t handle) noexcept nogil:
    if emit_reserve(worker, kind, handle, sizeof(Head)) == NULL:
        return False
    emit_commit(worker)
    return True
