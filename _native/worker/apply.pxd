"""Commands, carried out by the worker between batches: create and close, keys, pause. One function
a kind.
"""

from fastsfu._native.media.stream cimport InboundStream
from fastsfu._native.peer.transport cimport Transport
from fastsfu._native.worker.command cimport Head
from fastsfu._native.worker.state cimport Worker

cdef void apply(Worker* worker, const Head* command) noexcept nogil
# Free a transport with all its streams (also when the worker ends).
cdef void apply_free_transport(Worker* worker, Transport* transport) noexcept nogil
cdef void apply_free_inbound(Worker* worker, InboundStream* stream) noexcept nogil
