"""Replicas: what other workers' links bring, to this worker's receivers.

A replica is an inbound stream (media/stream) without a transport: its packets come unprotected,
gathered and padded. It keeps the history that its receivers' NACKs are answered from, the sender's
clock for their reports, and asks for keyframes over the link.
"""

from libc.stdint cimport uint32_t, uint64_t

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.stream cimport InboundStream

# Into the worker's list of them; `stream` is new. 0, or -1: no link to that worker.
cdef int replica_open(
    Worker* worker, InboundStream* stream, uint32_t peer, uint64_t origin) noexcept nogil
cdef void replica_close(Worker* worker, InboundStream* stream) noexcept nogil
# All that links have brought until now.
cdef void replica_receive(Worker* worker) noexcept nogil
# A turn on the tick; True: the next one should come soon.
cdef bint replica_tick(Worker* worker) noexcept nogil
# Once a second.
cdef void replica_sweep(Worker* worker) noexcept nogil
# The threads have ended: hand back what still lies in the rings.
cdef void replica_abandon(Worker* worker) noexcept nogil
