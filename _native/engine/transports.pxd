from fastsfu._native.engine.associations cimport Associations
from fastsfu._native.engine.commands cimport Commands
from fastsfu._native.engine.handles cimport Handles
from fastsfu._native.engine.streams cimport Streams

cdef class Transports:
    cdef Commands commands
    cdef Handles handles
    cdef Associations associations
    cdef object channels              # Channels
    cdef Streams streams

    cdef int end_all(self) except -1  # DTLS says goodbye; the worker ends them itself
