from libc.stdint cimport uint32_t

from fastsfu._native.engine.commands cimport Commands

cdef class RelayCommands:
    cdef Commands commands            # of an engine with a relay, as long as it is open

    cdef tell(self, uint32_t kind, bytes user)
