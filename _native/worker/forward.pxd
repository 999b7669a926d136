"""Fan-out: from one received packet to every receiver's own packet (RFC 7667 section 3.7).

A video frame's packets are gathered until its marker bit, at most hold_us; then each receiver gets
them as messages of equal-sized datagrams (GSO), at most MAX_PADDING bytes of RTP padding making
them equal. Audio never waits.
"""

from libc.stdint cimport uint16_t

from fastsfu._native.media.packet cimport MediaPacket, Run
from fastsfu._native.media.stream cimport InboundStream, OutboundStream
from fastsfu._native.worker.state cimport Worker

cdef enum:
    MAX_PADDING = 4               # bytes: Chromium's packets of a frame are equal to within one
    # retransmissions for one receiver of one stream in REPEATS_WINDOW_US
    MAX_REPEATS = 200
    REPEATS_WINDOW_US = 200000

# Takes over the caller's hold of packet.buffer.
cdef void forward_packet(
    Worker* worker, InboundStream* stream, const MediaPacket* packet) noexcept nogil
# Packets that a link has brought, cut into runs and padded, to a replica's receivers. Takes over
# the holds.
cdef void forward_linked(
    Worker* worker, InboundStream* replica, const MediaPacket* packets, int count,
    const Run* runs, int run_count) noexcept nogil
# Send what is gathered of this stream's frame; no-op when there is nothing.
cdef void forward_frame(Worker* worker, InboundStream* stream) noexcept nogil
# Send the frames whose hold has ended.
cdef void forward_due(Worker* worker) noexcept nogil
# Answer a NACK for one sequence number (RFC 4588 when negotiated, else the same packet again).
cdef void forward_again(Worker* worker, OutboundStream* receiver, uint16_t seq) noexcept nogil
# Forget a stream that is about to be freed.
cdef void forward_forget(Worker* worker, InboundStream* stream) noexcept nogil
