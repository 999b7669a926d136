"""Keyframes asked for: of the sender by PLI or FIR (RFC 4585, RFC 5104), of a replica's origin over
its link.
"""

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.stream cimport InboundStream
from fastsfu._native.peer.transport cimport Transport

# Ask now, if somebody needs one and it is due. `transport` is the sender's; of a replica's, NULL.
cdef void keyframes_ask(
    Worker* worker, Transport* transport, InboundStream* stream) noexcept nogil
