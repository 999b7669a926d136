"""Rows begun, events into the ring; see state.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memset

from fastsfu._native.base.ring cimport ring_commit, ring_reserve
from fastsfu._native.forwarding.command cimport Head
from fastsfu._native.forwarding.counters cimport DROP_EVENT
from fastsfu._native.forwarding.event cimport EVENT_AUDIO_LEVEL, AudioLevel
from fastsfu._native.media.stats cimport ROW_TRANSPORT, StreamStats


cdef StreamStats* transport_row(Worker* worker, uint64_t handle) noexcept nogil:
    return begin(
        worker, &worker.transport_stats[handle_index(handle)], handle, handle, ROW_TRANSPORT)


cdef StreamStats* stream_row(
        Worker* worker, uint64_t handle, uint64_t transport, uint8_t row) noexcept nogil:
    worker.stream_top = max(worker.stream_top, handle_index(handle) + 1)
    return begin(worker, &worker.stream_stats[handle_index(handle)], handle, transport, row)


cdef StreamStats* begin(
        const Worker* worker, StreamStats* stats, uint64_t handle, uint64_t transport,
        uint8_t row) noexcept nogil:
    memset(stats, 0, sizeof(StreamStats))
    stats.worker = worker.index
    stats.transport = transport
    stats.row = row
    stats.handle = handle
    return stats


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


cdef bint emit_level(Worker* worker, uint64_t handle, uint8_t level) noexcept nogil:
    cdef AudioLevel* event = <AudioLevel*>emit_reserve(
        worker, EVENT_AUDIO_LEVEL, handle, sizeof(AudioLevel))
    if event == NULL:
        return False
    event.level = level
    emit_commit(worker)
    return True
