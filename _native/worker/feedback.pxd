"""RTCP of a worker's transports: what comes in changes streams, what goes out is made from their
state.

    in    SR -> the sender's clock; RR -> loss and round-trip time; NACK -> retransmissions; PLI,
          FIR -> keyframe requests;
          BYE -> the stream has ended
    out   once a second RR, SR and SDES for each stream; on the tick NACK, PLI or FIR and transport-
          wide feedback
"""

from libc.stdint cimport uint8_t

from fastsfu._native.media.stream cimport InboundStream, OutboundStream
from fastsfu._native.peer.transport cimport Transport
from fastsfu._native.worker.state cimport Worker

# One protected compound packet from this transport.
cdef void feedback_on_rtcp(
    Worker* worker, Transport* transport, const uint8_t* packet, size_t size) noexcept nogil
# Transport-wide feedback, when it is due.
cdef void feedback_twcc(Worker* worker, Transport* transport) noexcept nogil
# A sender's turn on the tick; True: the next one should come soon.
cdef bint feedback_tick(Worker* worker, Transport* transport) noexcept nogil
# A transport's turn once a second.
cdef void feedback_report(Worker* worker, Transport* transport) noexcept nogil
# Ask the sender, or a replica's origin, for a keyframe now, if one is due. `transport` is the
# sender's.
cdef void feedback_keyframe(
    Worker* worker, Transport* transport, InboundStream* stream) noexcept nogil
# Tell the receiver that this stream of ours ends, or all of them (NULL; RFC 3550 section 6.6).
cdef void feedback_bye(
    Worker* worker, Transport* transport, const OutboundStream* stream) noexcept nogil
