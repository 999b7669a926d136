"""What the workers of one process share: the rings of their links, the replicas, and the end of
their memory. Held by the event loop's thread.

A worker may hold loans of another's buffers, so nobody's memory goes before all threads have ended.
"""

from libc.stdint cimport uint32_t, uint64_t

from fastsfu._native.base.ring cimport Ring
from fastsfu._native.engine.commands cimport Commands
from fastsfu._native.forwarding.state cimport MAX_WORKERS, Worker

cdef class Links:
    cdef Worker* workers[MAX_WORKERS]     # by index; NULL = none
    cdef Ring* rings[MAX_WORKERS][MAX_WORKERS]    # [from][to]; NULL = no link
    cdef int running                      # workers that have not left
    cdef bint lost                        # a thread could not be ended: nothing can be freed
    cdef dict replicas                    # (index of worker, handle) -> (Commands, stream) of home

    cdef int add(self, Worker* worker) except -1
    # The worker's thread has ended, or (lost) does not end.
    cdef void leave(self, Worker* worker, bint lost) noexcept
    # A link between the two, if there is none yet.
    cdef int connect(self, Worker* one, Worker* other) except -1
    # A stream of `home` for receivers at `here`: its handle there.
    cdef uint64_t open_replica(
        self, Commands here, Commands home, uint64_t inbound, int kind,
        uint32_t clock_rate, uint64_t lower) except 0
    cdef int close_replica(self, Commands here, uint64_t replica) except -1
    cdef int tell(self, Worker* worker, Worker* peer) except -1
    cdef void free_all(self) noexcept
