"""Fan-out: from a source's packets to every receiver's own (RFC 7667 section 3.7)."""

from fastsfu._native.forwarding.state cimport Spoken, Worker
from fastsfu._native.media.packet cimport MediaPacket, Run
from fastsfu._native.media.stream cimport InboundStream

# Packets, cut into runs and padded, to every receiver of the stream on this worker, in order; then
# they are kept for retransmission. Takes over the holds of their buffers.
cdef void fan_out(
    Worker* worker, InboundStream* stream, const MediaPacket* packets, int count,
    const Run* runs, int run_count) noexcept nogil
# A chord: packets of as many voices, the largest first, to all their receivers on this worker; who
# hears several of them gets as few messages as GSO allows. Takes over the holds of their buffers.
cdef void fan_out_chord(Worker* worker, const Spoken* spoken, int count) noexcept nogil
