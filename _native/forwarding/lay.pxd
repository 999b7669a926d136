"""One packet for one receiver: its header, extensions and payload in a message of egress. RTP is
laid out here alone.

    lay_message(transport, payload_size, count)    begins a message
    lay_packet(...), lay_again(...), ...           append a packet to it
    lay_end()                                      ends it

All packets of a message have one size, but the last may be smaller. lay_fit() behind each packet
makes as many messages of any sizes as that takes.

Invariant: the same packet and index always give the same bytes (one nonce, one header and
plaintext; media/rewrite). A transport-wide number is part of them: so a packet is laid out once by
lay_packet, and again only by lay_again, which repeats its number. So is the MID: whether there is
one, the index decides. RTX has none: its SSRC is always described.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.crypto.srtp cimport SRTP_MAX_OVERHEAD
from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.stream cimport NO_PT, OutboundStream
from fastsfu._native.packet.rtp cimport RTP_FIXED_SIZE
from fastsfu._native.peer.extensions cimport EXTENSION_BYTES
from fastsfu._native.peer.transport cimport Transport

cdef enum:
    # the most that a packet is larger than its payload, padding and what it carries
    LAY_OVERHEAD = RTP_FIXED_SIZE + EXTENSION_BYTES + SRTP_MAX_OVERHEAD
    RTX_BYTES = 2                 # the original sequence number (RFC 4588 section 4)
    MAX_PADDING = 4               # bytes: Chromium's packets of a frame are equal to within one

# For at most `count` packets, none of which takes more than `size` (`lay_size`) and MAX_PADDING
# besides LAY_OVERHEAD.
cdef void lay_message(
    Worker* worker, const Transport* transport, uint16_t size, int count) noexcept nogil
# `redundancy`: so many bytes in front of the payload go along (packet/red).
# The payload is read when the batch is protected: the buffer has to be held until then
# (egress_keep).
cdef void lay_packet(
    Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
    int64_t index, uint32_t ts, uint8_t pt, uint16_t redundancy) noexcept nogil
# The same bytes again. False: its transport-wide number is not known any more, or it never had one:
# then nothing is laid out.
cdef bint lay_again(
    Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
    int64_t index, uint32_t ts, uint8_t pt, uint16_t redundancy) noexcept nogil
# To a receiver that gets some layers alone, or has switched: with the numbers of receiver.layering.
# The payload is copied, or read later as above. False: it is not for it; then, if it comes `alone`
# and late, its number may be filled by lay_empty.
cdef bint lay_layers(
    Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
    bint alone) noexcept nogil
# A packet of padding alone under a number that nothing else will ever have: libwebrtc takes it for
# received. Without extensions, so that it is the same when it is asked for again.
cdef void lay_empty(
    Worker* worker, Transport* transport, OutboundStream* receiver, int64_t index, uint32_t ts,
    uint8_t pt) noexcept nogil
# As a retransmission in a stream of its own, `seq` being what the receiver knows it by (RFC 4588
# section 4). The payload is copied.
cdef void lay_rtx(
    Worker* worker, Transport* transport, OutboundStream* receiver, const MediaPacket* packet,
    uint16_t seq, uint32_t ts) noexcept nogil
# RTX that carries nothing but `size` bytes of padding (a probe's filler); 1 to 255.
cdef void lay_filler(
    Worker* worker, Transport* transport, OutboundStream* receiver, uint8_t size) noexcept nogil
cdef void lay_end(Worker* worker) noexcept nogil
# As lay_message, where lay_fit is called behind each packet.
cdef void lay_messages(
    Worker* worker, const Transport* transport, uint16_t size, int count) noexcept nogil
# How many messages more this packet makes.
cdef int lay_fit(Worker* worker) noexcept nogil


cdef inline uint16_t lay_redundancy(
        const OutboundStream* receiver, const MediaPacket* packet, int64_t now_us) noexcept nogil:
    """Bytes of it that go along: while the receiver loses packets itself, and where one is missing
    here. What may be said in two ways is never repeated: an index has one plaintext.
    """
    if packet.redundancy == 0 or receiver.pt_of[packet.red_pt] == NO_PT:
        return 0
    if packet.bridges or now_us < receiver.redundant_until_us:
        return packet.redundancy
    return 0


cdef inline uint16_t lay_size(const MediaPacket* packet) noexcept nogil:
    """What differs from packet to packet."""
    return packet.redundancy + packet.payload_size + packet.carried.bytes
