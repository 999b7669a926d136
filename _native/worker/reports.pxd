"""RTCP out, made from the state of the streams: what senders and receivers are told of them.

    when it is due   a sender: NACKs
    on the tick      NACKs, keyframe requests, transport-wide feedback
    once a second    RR, SR and SDES (RFC 3550 section 6)
    at the end       BYE
"""

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.stream cimport InboundStream, OutboundStream
from fastsfu._native.peer.transport cimport Transport

# A sender's turn on the tick; True: the next one should come soon.
cdef bint reports_tick(Worker* worker, Transport* transport) noexcept nogil
# Ask for what is missing of a stream, when that is due (stream.loss.due_us).
cdef void reports_nack(
    Worker* worker, Transport* transport, InboundStream* stream) noexcept nogil
# Transport-wide feedback, when it is due.
cdef void reports_twcc(Worker* worker, Transport* transport) noexcept nogil
# A transport's turn once a second.
cdef void reports_send(Worker* worker, Transport* transport) noexcept nogil
# Tell the receiver that this stream of ours ends, or all of them (NULL; RFC 3550 section 6.6).
cdef void reports_bye(
    Worker* worker, Transport* transport, const OutboundStream* stream) noexcept nogil
