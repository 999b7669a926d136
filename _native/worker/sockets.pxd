"""What has come to the sockets besides the media socket: those of the relay's allocations and its
further port.
"""

from fastsfu._native.forwarding.state cimport Worker

cdef void sockets_receive(Worker* worker) noexcept nogil
