"""See sent.pxd."""

from libc.string cimport memset

from fastsfu._native.base.seq cimport seq_diff


cdef void sent_init(SentLog* log, uint16_t first) noexcept nogil:
    memset(log, 0, sizeof(SentLog))
    log.next = first


cdef Sent* sent_find(SentLog* log, uint16_t number) noexcept nogil:
    cdef Sent* entry = &log.entries[number & (SENT_CAPACITY - 1)]
    cdef int age = seq_diff(log.next, number)
    if age <= 0 or age > SENT_CAPACITY or entry.size == 0:
        return NULL
    return entry
