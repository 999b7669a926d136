"""RTCP in: what it says changes streams.

    SR         the sender's clock, for the reports to its receivers; and as RR
    RR         loss and round-trip time of a receiver
    NACK       retransmissions
    PLI, FIR   a keyframe is wanted
    BYE        the stream has ended

A new kind of feedback is a row in the table of feedback.pyx and its verb.
"""

from libc.stdint cimport uint8_t

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.peer.transport cimport Transport

# One protected compound packet from this transport.
cdef void feedback_on_rtcp(
    Worker* worker, Transport* transport, const uint8_t* packet, size_t size) noexcept nogil
