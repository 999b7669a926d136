"""What the worker tells, as calls on Engine.poll's `events`: one verb a kind, found in a table."""

from libc.stdint cimport uint64_t

from fastsfu._native.engine.associations cimport AssociationChange
from fastsfu._native.engine.streams cimport Streams
from fastsfu._native.engine.transports cimport Transports
from fastsfu._native.forwarding.command cimport Head

# Nothing, when its handle was closed meanwhile.
cdef int events_deliver(
    Transports transports, Streams streams, const Head* event, events) except -1
# What a DTLS datagram or timer brought.
cdef int events_dtls(
    Transports transports, uint64_t transport, AssociationChange change, events) except -1
