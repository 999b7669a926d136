"""What a receiver's RTCP says of what fits to it, for its estimator (bwe/estimator), and what
follows from a new estimate.
"""

from libc.stdint cimport uint32_t

from fastsfu._native.bwe.estimator cimport ESTIMATE_SPILT_US
from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.packet.rtcp cimport RtcpPacket
from fastsfu._native.peer.transport cimport Transport

# Transport-wide feedback on what we have sent.
cdef void estimate_on_feedback(
    Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil
cdef void estimate_on_remb(
    Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil
# Of all report blocks of one packet, by which something has arrived: what was sent since the ones
# before, and lost of it; 0: there were none.
cdef void estimate_on_reports(
    Worker* worker, Transport* transport, uint32_t packets, uint32_t lost) noexcept nogil
# Once a second.
cdef void estimate_sweep(Worker* worker, Transport* transport) noexcept nogil


cdef inline bint estimate_spills(const Worker* worker, const Transport* transport) noexcept nogil:
    """What was lost of late a full queue pushed out: no reason to say anything twice."""
    return transport.estimator != NULL and (
        worker.now_us - transport.estimator.spilt_us < ESTIMATE_SPILT_US)
