"""What a packet of the load carries, so that whoever receives it knows that it is right: 16 bytes
of the trace's prefix, then Stamp, then its fill byte.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from benchmarks.load.parties cimport Stamp

cdef enum:
    HEADER = 20               # bytes of header_write
    LEVEL_BYTES = 4           # more with a level
    LEVEL_ID = 5              # of RFC 6464's extension (peer.EXTENSIONS)

# RTP's fixed header, and its extension 3: the transport-wide sequence number.
cdef void header_write(
    uint8_t* packet, uint8_t marker_and_pt, uint32_t index, uint32_t ts, uint32_t ssrc,
    uint16_t transport_seq) noexcept nogil
# Behind header_write's: the level of one who speaks or not; it wavers as voices and rooms do.
cdef void level_write(uint8_t* packet, uint32_t index, bint speaks) noexcept nogil
# `stamp` has index, stream and sender; the rest is filled in, the time last.
cdef void content_write(
    uint8_t* payload, const uint8_t* prefix, uint16_t size, Stamp* stamp) noexcept nogil
# Of a plain RTP packet. False: it is not what content_write wrote.
cdef bint content_read(const uint8_t* packet, int size, Stamp* stamp) noexcept nogil
