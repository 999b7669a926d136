"""Commands, carried out by the worker between batches: one verb a kind, found in a table.

A verb is for the worker, its relay, or the transport or stream that the command's handle names; one
whose object no longer lives is a counted no-op.
"""

from fastsfu._native.forwarding.command cimport Head
from fastsfu._native.forwarding.state cimport Worker

cdef void apply(Worker* worker, const Head* command) noexcept nogil
