"""What leaves at the pacing rate of its receiver (bwe/pacer): the packets of a frame that is too
large for it, which wait, and the filler of probes.
"""

from libc.stdint cimport int64_t

from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.stream cimport OutboundStream
from fastsfu._native.peer.transport cimport Transport
from fastsfu._native.forwarding.state cimport Worker

# How far these packets [first, count) may leave now: the end of them. The others wait, in order.
# The transport has a pacer.
cdef int pacing_admit(
    Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int first,
    int count) noexcept nogil
# The estimate is a new one. The transport has a pacer.
cdef void pacing_follow(Worker* worker, Transport* transport) noexcept nogil
# Its link is there, if it seemed gone: what waits leaves as before.
cdef void pacing_heard(Worker* worker, Transport* transport) noexcept nogil
# A keyframe waits, of any of its streams: another one, asked for now, would wait behind it.
cdef bint pacing_begins(const Transport* transport, int64_t now_us) noexcept nogil
# Begin a probe towards this receiver, if one is due.
cdef void pacing_probe(Worker* worker, Transport* transport) noexcept nogil
# A packet of padding alone, to be answered. False: it can take none.
cdef bint pacing_knock(Worker* worker, Transport* transport) noexcept nogil
# Send what is due.
cdef void pacing_due(Worker* worker) noexcept nogil
# When that is so next; a long time from now when nothing waits.
cdef int64_t pacing_next_us(const Worker* worker) noexcept nogil
# Forget a transport that is about to be freed.
cdef void pacing_forget(Worker* worker, Transport* transport) noexcept nogil
