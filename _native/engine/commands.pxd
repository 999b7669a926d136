"""The event loop's end of one worker's command ring."""

from libc.stdint cimport uint32_t, uint64_t

from fastsfu._native.engine.handles cimport Handles
from fastsfu._native.forwarding.command cimport Head
from fastsfu._native.forwarding.state cimport Worker

cdef class Commands:
    cdef Worker* worker
    cdef Handles streams                  # of both directions, and replicas
    cdef object owner                     # ident of the thread that may call
    cdef bint closed                      # the worker has ended
    cdef object waiting                   # deque of bytes, a command each
    cdef object soon                      # calls what it gets at the end of the turn, or None
    cdef bint waking                      # it will

    # RuntimeError in another thread, and when the engine is closed.
    cdef int check(self) except -1
    # Room for a command, zero but for its head; RuntimeError when the ring is full. Then commit.
    cdef void* reserve(self, uint32_t kind, uint64_t handle, uint32_t size) except NULL
    # The worker is woken once for all commands of a turn, a wake-up being a system call.
    cdef void commit(self) except *
    # A command that ends something. When the ring is full, because the worker is stuck, it waits
    # here and refuses nobody, but all that would begin: an index is not used again before.
    cdef void end(self, const Head* command, uint32_t size) except *
    cdef void close(self, uint32_t kind, uint64_t handle) except *     # one without a body
    # What waits goes out as far as it fits; True: nothing waits any more.
    cdef bint catch_up(self) except *
