"""A received packet, and a frame of them as it leaves.

What is known of a packet is found out once, where it comes in (worker/ingress), for all of its
receivers and all workers that it goes to. Its plaintext lies in a buffer that each holder counts.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t
from libc.string cimport memcmp

from fastsfu._native.base.pool cimport Buffer
from fastsfu._native.packet.layers cimport PacketLayers
from fastsfu._native.packet.rtp cimport EXT_DEPENDENCY, EXT_KINDS, EXT_PLAYOUT_DELAY, RtpHeader

cdef enum:
    NO_LEVEL = 255            # MediaPacket.level: the packet had none

# Header extensions that travel on to receivers which negotiated them: ExtensionKinds from the
# dependency descriptor on, in their order.
cdef enum:
    CARRIED_DESCRIPTOR = 0
    CARRIED_PLAYOUT_DELAY = EXT_PLAYOUT_DELAY - EXT_DEPENDENCY
    CARRIED = EXT_KINDS - EXT_DEPENDENCY

cdef struct Carried:
    uint16_t at[CARRIED]      # where the value stands in the buffer
    uint8_t size[CARRIED]     # 0 = it has none
    uint16_t bytes            # that they take at most, with two in front of each; 0 = nothing

cdef struct MediaPacket:
    Buffer* buffer            # plaintext; payload at data[header.header_size]
    RtpHeader header
    int64_t ext_seq           # extended sequence number in its stream
    int64_t arrival_us
    uint16_t payload_size     # without the sender's own padding
    uint8_t padding           # bytes that egress put behind the payload; the last one counts them
    bint keyframe             # a decodable start begins here
    uint8_t level             # audio: the byte of its level (RFC 6464) that travels on, or NO_LEVEL
    # red (packet/red): the payload is the newest block, header.pt its type, header_size up to it
    uint16_t redundancy       # bytes in front of the payload that say older blocks again; 0: none
    uint8_t red_pt            # payload type of both together
    bint bridges              # the packet before it is missing, so who can takes it from this one
    uint8_t codec             # Codec
    PacketLayers layers
    Carried carried

cdef struct Run:              # packets [begin, end) of a frame that leave as one message
    int begin
    int end


cdef inline bint carried_alike(const Carried* one, const Carried* other) noexcept nogil:
    """They take as much towards each receiver, whichever of them it has negotiated."""
    return memcmp(one.size, other.size, sizeof(one.size)) == 0


cdef inline void carried_count(Carried* carried) noexcept nogil:
    """Fill in `bytes`."""
    cdef uint16_t bytes = 0
    cdef int i
    for i in range(CARRIED):
        if carried.size[i]:
            bytes += 2 + carried.size[i]
    carried.bytes = (bytes + 3) & ~<uint16_t>3
