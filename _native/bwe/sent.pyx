"""See sent.pxd."""

from libc.stdlib cimport calloc, free
from libc.string cimport memset

from fastsfu._native.base.seq cimport seq_diff


cdef void sent_init(SentLog* log, uint16_t first) noexcept nogil:
    memset(log, 0, sizeof(SentLog))
    log.next = first
    log.entries = log.few
    log.capacity = SENT_FEW


cdef void sent_free(SentLog* log) noexcept nogil:
    if log.entries != log.few:
        free(log.entries)


cdef void sent_grow(SentLog* log) noexcept nogil:
    cdef int capacity = 2 * log.capacity, age
    cdef Sent* grown = <Sent*>calloc(capacity, sizeof(Sent))
    cdef uint16_t number
    if grown == NULL:
        return
    for age in range(1, log.capacity + 1):
        number = <uint16_t>(log.next - age)
        grown[number & (capacity - 1)] = log.entries[number & (log.capacity - 1)]
    sent_free(log)
    log.entries = grown
    log.capacity = <uint16_t>capacity


cdef Sent* sent_find(SentLog* log, uint16_t number) noexcept nogil:
    cdef Sent* entry = &log.entries[number & (log.capacity - 1)]
    cdef int age = seq_diff(log.next, number)
    if age <= 0 or age > log.capacity or entry.size == 0:
        return NULL
    return entry
