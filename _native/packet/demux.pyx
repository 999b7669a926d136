cdef enum:
    CHANNEL_SMALLEST = 4
    RTP_SMALLEST = 12
    RTCP_SMALLEST = 8
    STUN_SMALLEST = 20
    DTLS_SMALLEST = 13        # a record's header


cdef PacketKind demux(const uint8_t* datagram, size_t size) noexcept nogil:
    cdef uint8_t first
    if size < CHANNEL_SMALLEST:
        return KIND_UNKNOWN
    first = datagram[0]
    if 64 <= first <= 127:
        return KIND_TURN_CHANNEL
    if size < RTCP_SMALLEST:
        return KIND_UNKNOWN
    if 128 <= first <= 191:
        if 192 <= datagram[1] <= 223:     # RFC 5761 section 4: no RTP payload types 64-95
            return KIND_RTCP
        return KIND_RTP if size >= RTP_SMALLEST else KIND_UNKNOWN
    if first <= 3:
        return KIND_STUN if size >= STUN_SMALLEST else KIND_UNKNOWN
    if 20 <= first <= 63:
        return KIND_DTLS if size >= DTLS_SMALLEST else KIND_UNKNOWN
    return KIND_UNKNOWN
