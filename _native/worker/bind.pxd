"""Which stream an RTP packet belongs to (RFC 9143 section 9.2): by its SSRC; a new SSRC by MID and
RID, one that repairs by MID and repaired RID; without a MID by its payload type, where one stream
alone has it. The first authentic packet of an SSRC binds it.

A new SSRC takes the place of an old one when that has been silent for MOVE_US: an encoder that has
restarted, or found its SSRC in use (RFC 3550 section 8.2). A client that sends several SSRCs in one
section keeps the first one.
"""

from libc.stdint cimport uint8_t, uint32_t

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.stream cimport InboundStream
from fastsfu._native.packet.rtp cimport RtpExtensions, RtpHeader
from fastsfu._native.peer.transport cimport Transport

cdef enum:
    MOVE_US = 500000              # a pause of Opus's DTX is 400 ms long

# NULL: none. *rtx: it repairs.
cdef InboundStream* bind_find(
    Worker* worker, const Transport* transport, const uint8_t* data, const RtpHeader* header,
    const RtpExtensions* extensions, bint* rtx) noexcept nogil
# An authentic packet of this SSRC came.
cdef void bind_stream(
    Worker* worker, Transport* transport, InboundStream* stream, bint rtx,
    uint32_t ssrc) noexcept nogil
