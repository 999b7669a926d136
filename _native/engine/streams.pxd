from libc.stdint cimport uint32_t, uint64_t

from fastsfu._native.engine.commands cimport Commands
from fastsfu._native.engine.links cimport Links

cdef class Streams:
    cdef Commands commands
    cdef Links links
    cdef dict of                      # transport that lives -> {its streams}
    cdef dict transport_of            # stream -> its transport

    cdef int transport_opened(self, uint64_t transport) except -1
    cdef int transport_closed(self, uint64_t transport) except -1      # and its streams with it
    cdef uint64_t take(self, uint64_t transport) except 0
    cdef int keep(self, uint64_t transport, uint64_t stream) except -1
    cdef int switch(self, uint32_t kind, uint64_t stream, bint on) except -1
    cdef int close(self, uint32_t kind, uint64_t stream) except -1
