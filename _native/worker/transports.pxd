"""What becomes of transports by command: their life, their keys, their ICE credentials."""

from fastsfu._native.forwarding.command cimport Head
from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.peer.transport cimport Transport

cdef void create_transport(Worker* worker, const Head* head) noexcept nogil
cdef void set_extensions(Worker* worker, Transport* transport, const Head* head) noexcept nogil
cdef void restart_ice(Worker* worker, Transport* transport, const Head* head) noexcept nogil
cdef void set_keys(Worker* worker, Transport* transport, const Head* head) noexcept nogil
cdef void send_dtls(Worker* worker, Transport* transport, const Head* head) noexcept nogil
# Says BYE, then frees it.
cdef void close_transport(Worker* worker, Transport* transport, const Head* head) noexcept nogil
# With all its streams (also when the worker ends).
cdef void free_transport(Worker* worker, Transport* transport) noexcept nogil
