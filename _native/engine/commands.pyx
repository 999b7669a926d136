"""Commands into a worker's ring; see commands.pxd."""

import collections
import threading

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastsfu._native.base.ring cimport ring_commit, ring_reserve, ring_wake
from fastsfu._native.engine.handles cimport handles_free, handles_init


cdef class Commands:
    def __cinit__(self, uint32_t max_streams):
        self.waiting = collections.deque()
        self.owner = threading.get_ident()
        if handles_init(&self.streams, max_streams) < 0:
            raise MemoryError

    def __dealloc__(self):
        handles_free(&self.streams)

    cdef int check(self) except -1:
        if threading.get_ident() != self.owner:
            raise RuntimeError("an engine is called from the thread that made it")
        if self.closed:
            raise RuntimeError("the engine is closed")
        return 0

    cdef void* reserve(self, uint32_t kind, uint64_t handle, uint32_t size) except NULL:
        cdef Head* command = NULL
        if self.catch_up():
            command = <Head*>ring_reserve(&self.worker.commands, size)
        if command == NULL:
            raise RuntimeError("the worker does not take commands: its ring is full")
        memset(command, 0, size)
        command.kind = kind
        command.handle = handle
        return command

    cdef void commit(self) except *:
        ring_commit(&self.worker.commands)
        if self.soon is None:
            ring_wake(&self.worker.commands)
        elif not self.waking:
            self.waking = True
            self.soon(self._wake)

    def _wake(self):
        self.waking = False
        if not self.closed:
            ring_wake(&self.worker.commands)

    cdef void end(self, const Head* command, uint32_t size) except *:
        self.waiting.append((<const char*>command)[:size])
        self.catch_up()

    cdef void close(self, uint32_t kind, uint64_t handle) except *:
        cdef Head command
        command.kind = kind
        command.handle = handle
        self.end(&command, sizeof(Head))

    cdef bint catch_up(self) except *:
        cdef uint8_t* place
        cdef bytes command
        while self.waiting:
            command = self.waiting[0]
            place = ring_reserve(&self.worker.commands, <uint32_t>len(command))
            if place == NULL:
                return False
            memcpy(place, <const char*>command, len(command))
            self.commit()
            self.waiting.popleft()
        return True
