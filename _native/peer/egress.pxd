"""What leaves: packets are laid out message by message in one area, protected in one batch, sent in
one call.

    egress_message(destination)            begins a message
    egress_packet(...) -> packet           appends a packet of known size; the caller writes its
                                           header there
    egress_in_place(...) -> packet         and its payload
    egress_fit()                           where sizes may be any: begins another, if it has to
    egress_end()                           ends the message
    egress_protected(destination, data)    a message of its own that needs no protection any more
    egress_flush(udp)                      protects all, sends all, lets the held buffers go

Payloads are read when the batch is protected, not before: whoever appended a packet gives its hold
of the buffer to egress_keep instead of releasing it.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.pool cimport Buffer
from fastsfu._native.crypto.srtp cimport ProtectJob, SrtpContext
from fastsfu._native.net.socket_address cimport SocketAddress
from fastsfu._native.net.udp cimport Message, UdpSocket

cdef enum:
    EGRESS_MESSAGES = 32          # UDP_BATCH
    EGRESS_JOBS = 512
    EGRESS_HELD = 512
    EGRESS_BYTES = 262144         # one batch stays in the second-level cache

cdef struct Egress:
    uint8_t* area                 # mlocked: retransmissions pass through it in plaintext
    uint32_t used
    Message messages[EGRESS_MESSAGES]
    int message_count
    ProtectJob jobs[EGRESS_JOBS]
    int job_count
    Buffer* held[EGRESS_HELD]
    int held_count

cdef int egress_init(Egress* egress) noexcept nogil              # 0, or -errno
cdef void egress_free(Egress* egress) noexcept nogil
# Begin a message of at most `packets` packets and `bytes` bytes in all; flushes first when it would
# not fit.
cdef void egress_message(
    Egress* egress, UdpSocket* udp, const SocketAddress* destination, int packets,
    uint32_t bytes) noexcept nogil
# Append a packet to the message: returns where its header goes. All packets of a
# message have one size, but the last may be smaller.
cdef uint8_t* egress_packet(
    Egress* egress, SrtpContext* context, uint64_t index, uint16_t header_size,
    const uint8_t* payload, uint16_t payload_size) noexcept nogil
# The same, where the caller writes the payload too, right behind the header.
cdef uint8_t* egress_in_place(
    Egress* egress, SrtpContext* context, uint64_t index, uint16_t header_size,
    uint16_t payload_size) noexcept nogil
# A message without a packet is dropped.
cdef void egress_end(Egress* egress) noexcept nogil
# After a packet of whatever size: where it does not fit to those before it, it becomes a message of
# its own, to the same destination. There has to be room for one. How many messages that makes more.
cdef int egress_fit(Egress* egress) noexcept nogil
# One datagram that is protected already, in order with what else is laid out; `data` is copied.
cdef void egress_protected(
    Egress* egress, UdpSocket* udp, const SocketAddress* destination, const uint8_t* data,
    uint16_t size) noexcept nogil
# Takes over one hold.
cdef void egress_keep(Egress* egress, UdpSocket* udp, Buffer* buffer) noexcept nogil
cdef void egress_flush(Egress* egress, UdpSocket* udp) noexcept nogil
