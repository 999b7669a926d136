"""Redundant sound (RFC 2198, packet/red) as it comes in: a packet is its newest block from then on,
and what it says again lies in front of it.

    | RTP header | red headers | the last but one, the last | newest |
                 |<---- redundancy ------------------------>|<- payload

A browser says the packet before again. Of a link that loses one in twenty a receiver then still
misses each four hundredth, so the one before that is put in front, from the stream's history.

Until there are reports the first voice of a receiver has it, and tells for those that follow. What
a full queue on its way pushes out is no reason for it, for as long as reports may tell of that
(ESTIMATE_SPILT_US).
"""

from libc.stdint cimport int64_t, uint8_t

from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.stream cimport InboundStream

cdef enum:
    REDUNDANT_US = 15000000       # it goes along after a report of loss; these are 7.5 s apart

# The Codec of its newest block; NO_PT: it is malformed, or that is none of the stream's.
cdef uint8_t redundancy_undo(const InboundStream* stream, MediaPacket* packet) noexcept nogil
# For packets in order of their numbers, whose timestamps are the receivers'.
cdef void redundancy_deepen(
    InboundStream* stream, MediaPacket* packet, int64_t now_us) noexcept nogil
