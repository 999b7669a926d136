"""One compound RTCP packet in the making (RFC 3550 section 6.1): whoever has something to say
writes it to `data` and counts it in `size`.
"""

from libc.stdint cimport uint8_t

from fastsfu._native.crypto.srtp cimport SRTCP_MAX_OVERHEAD
from fastsfu._native.forwarding.state cimport RTCP_CAPACITY, Worker
from fastsfu._native.peer.transport cimport Transport

cdef struct Compound:
    uint8_t data[RTCP_CAPACITY + SRTCP_MAX_OVERHEAD]
    size_t size                   # at most RTCP_CAPACITY

# Protect what has been written and let it leave with the next batch, and begin anew.
cdef void compound_send(Worker* worker, Transport* transport, Compound* compound) noexcept nogil
