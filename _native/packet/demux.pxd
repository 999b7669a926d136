"""What a datagram is, by its first byte (RFC 7983 section 7) and, within 128..191, by RTCP's packet
types (RFC 5761 section 4). One shorter than its kind's header is unknown.

                    +----------------+
                    |        [0..3] -+--> STUN
                    |      [16..19] -+--> ZRTP, not known here
        packet -->  |      [20..63] -+--> DTLS
                    |     [64..127] -+--> TURN channel: RFC 8656 has [64..79], clients of
                    |                |    RFC 5766 choose from all of them
                    |    [128..191] -+--> RTP/RTCP
                    +----------------+
"""

from libc.stdint cimport uint8_t

cpdef enum PacketKind:
    KIND_UNKNOWN = 0
    KIND_STUN
    KIND_DTLS
    KIND_TURN_CHANNEL
    KIND_RTP
    KIND_RTCP

cdef PacketKind demux(const uint8_t* datagram, size_t size) noexcept nogil
