from libc.string cimport memcpy, memset

from fastsfu._native.base.wire cimport (
    read_u16, read_u24, read_u32, read_u64, write_u16, write_u24, write_u32, write_u64)

cdef enum:
    HEADER_SIZE = 4
    SR_BLOCKS = 28            # where an SR's report blocks begin
    RR_BLOCKS = 8
    FEEDBACK_FCI = 12         # where feedback control information begins (RFC 4585 section 6.1)
    FIR_ENTRY = 8
    NACK_SPAN = 17            # numbers that one PID and BLP can name (RFC 4585 section 6.2.1)
    SDES_CNAME = 1
    REMB_SIZE = 20            # without the SSRCs that it is about
    REMB_NAME = 0x52454D42
    REMB_MANTISSA = 0x3FFFF
    REMB_EXPONENT_MOST = 44   # 18 bits of mantissa more are the most that an int64_t holds
    LOST_LARGEST = 0x7FFFFF   # 24 bit signed
    LOST_SMALLEST = -0x800000


cdef bint rtcp_next(
        const uint8_t* compound, size_t size, size_t* offset, RtcpPacket* packet) noexcept nogil:
    cdef const uint8_t* data = compound + offset[0]
    cdef size_t left = size - offset[0]
    cdef size_t length
    cdef uint8_t padding = 0
    if left < HEADER_SIZE or data[0] >> 6 != 2:
        return False
    length = HEADER_SIZE + 4 * <size_t>read_u16(data + 2)
    if length > left or length > 0xFFFF:
        return False
    if data[0] & 0x20:        # only the last packet is padded (RFC 3550 section 6.4.1)
        # It counts 4, says the RFC; libwebrtc pads its transport-wide feedback by 1 to 3.
        padding = data[length - 1]
        if length != left or padding == 0 or padding > length - HEADER_SIZE:
            return False
    packet.type = data[1]
    packet.count = data[0] & 0x1F
    packet.data = data
    packet.size = <uint16_t>(length - padding)
    offset[0] += length
    return True


cdef bint rtcp_read_sender_info(const RtcpPacket* packet, SenderInfo* info) noexcept nogil:
    if packet.type != RTCP_SR or packet.size < SR_BLOCKS:
        return False
    info.ssrc = read_u32(packet.data + 4)
    info.ntp = read_u64(packet.data + 8)
    info.rtp_ts = read_u32(packet.data + 16)
    info.packets = read_u32(packet.data + 20)
    info.octets = read_u32(packet.data + 24)
    return True


cdef bint rtcp_read_report(
        const RtcpPacket* packet, int index, ReportBlock* block) noexcept nogil:
    cdef size_t offset = SR_BLOCKS if packet.type == RTCP_SR else RR_BLOCKS
    cdef const uint8_t* data
    if packet.type != RTCP_SR and packet.type != RTCP_RR:
        return False
    if index < 0 or index >= packet.count:
        return False
    offset += <size_t>index * REPORT_BLOCK_SIZE
    if offset + REPORT_BLOCK_SIZE > packet.size:
        return False
    data = packet.data + offset
    block.ssrc = read_u32(data)
    block.fraction_lost = data[4]
    block.lost = <int32_t>(read_u24(data + 5) ^ 0x800000) - 0x800000      # sign of 24 bits
    block.highest_seq = read_u32(data + 8)
    block.jitter = read_u32(data + 12)
    block.lsr = read_u32(data + 16)
    block.dlsr = read_u32(data + 20)
    return True


cdef bint rtcp_read_feedback(const RtcpPacket* packet, Feedback* feedback) noexcept nogil:
    if packet.type != RTCP_RTPFB and packet.type != RTCP_PSFB or packet.size < FEEDBACK_FCI:
        return False
    feedback.sender_ssrc = read_u32(packet.data + 4)
    feedback.media_ssrc = read_u32(packet.data + 8)
    return True


cdef int rtcp_read_nack(
        const RtcpPacket* packet, size_t* cursor, uint16_t* seqs, int capacity) noexcept nogil:
    """The cursor counts places: 17 for each PID and BLP, taken or not."""
    cdef size_t offset
    cdef int place
    cdef int found = 0
    if packet.type != RTCP_RTPFB or packet.count != RTPFB_NACK:
        return 0
    while found < capacity:
        offset = FEEDBACK_FCI + 4 * (cursor[0] // NACK_SPAN)
        place = <int>(cursor[0] % NACK_SPAN)
        if offset + 4 > packet.size:
            break
        if place == 0 or read_u16(packet.data + offset + 2) >> (place - 1) & 1:
            seqs[found] = <uint16_t>(read_u16(packet.data + offset) + place)
            found += 1
        cursor[0] += 1
    return found


cdef bint rtcp_fir_names(const RtcpPacket* packet, uint32_t ssrc) noexcept nogil:
    cdef size_t offset = FEEDBACK_FCI
    if packet.type != RTCP_PSFB or packet.count != PSFB_FIR:
        return False
    while offset + FIR_ENTRY <= packet.size:
        if read_u32(packet.data + offset) == ssrc:
            return True
        offset += FIR_ENTRY
    return False


cdef bint rtcp_read_bye(const RtcpPacket* packet, int index, uint32_t* ssrc) noexcept nogil:
    cdef size_t offset = HEADER_SIZE + 4 * <size_t>index
    if packet.type != RTCP_BYE or index < 0 or index >= packet.count or offset + 4 > packet.size:
        return False
    ssrc[0] = read_u32(packet.data + offset)
    return True


cdef bint rtcp_read_remb(const RtcpPacket* packet, int64_t* bps) noexcept nogil:
    """ "REMB", number of SSRCs, then an exponent of 6 bits and a mantissa of 18."""
    cdef uint32_t exponent
    if packet.type != RTCP_PSFB or packet.count != PSFB_REMB or packet.size < REMB_SIZE:
        return False
    if read_u32(packet.data + FEEDBACK_FCI) != REMB_NAME:
        return False
    exponent = packet.data[17] >> 2
    if exponent > REMB_EXPONENT_MOST:
        return False
    bps[0] = <int64_t>(read_u24(packet.data + 17) & REMB_MANTISSA) << exponent
    return True


cdef size_t rtcp_write_sr(
        uint8_t* out, const SenderInfo* info, const ReportBlock* blocks, int count) noexcept nogil:
    write_u32(out + 4, info.ssrc)
    write_u64(out + 8, info.ntp)
    write_u32(out + 16, info.rtp_ts)
    write_u32(out + 20, info.packets)
    write_u32(out + 24, info.octets)
    write_reports(out + SR_BLOCKS, blocks, count)
    return write_header(out, RTCP_SR, count, SR_BLOCKS + REPORT_BLOCK_SIZE * <size_t>count)


cdef size_t rtcp_write_rr(
        uint8_t* out, uint32_t ssrc, const ReportBlock* blocks, int count) noexcept nogil:
    write_u32(out + 4, ssrc)
    write_reports(out + RR_BLOCKS, blocks, count)
    return write_header(out, RTCP_RR, count, RR_BLOCKS + REPORT_BLOCK_SIZE * <size_t>count)


cdef size_t rtcp_write_sdes_cname(
        uint8_t* out, uint32_t ssrc, const uint8_t* cname, uint8_t cname_size) noexcept nogil:
    """Items end with one to four zero bytes, up to a whole word (RFC 3550 section 6.5)."""
    cdef size_t end = 10 + <size_t>cname_size
    cdef size_t padded = (end + 4) & ~<size_t>3
    write_u32(out + 4, ssrc)
    out[8] = SDES_CNAME
    out[9] = cname_size
    memcpy(out + 10, cname, cname_size)
    memset(out + end, 0, padded - end)
    return write_header(out, RTCP_SDES, 1, padded)


cdef size_t rtcp_write_bye(uint8_t* out, const uint32_t* ssrcs, int count) noexcept nogil:
    cdef int i
    for i in range(count):
        write_u32(out + HEADER_SIZE + 4 * i, ssrcs[i])
    return write_header(out, RTCP_BYE, count, HEADER_SIZE + 4 * <size_t>count)


cdef size_t rtcp_write_nack(
        uint8_t* out, uint32_t sender_ssrc, uint32_t media_ssrc, const uint16_t* seqs,
        int count) noexcept nogil:
    cdef size_t end = FEEDBACK_FCI
    cdef uint16_t pid = 0
    cdef uint16_t ahead
    cdef uint16_t blp = 0
    cdef int i
    for i in range(count):
        ahead = <uint16_t>(seqs[i] - pid)
        if i == 0 or ahead >= NACK_SPAN:
            end += 4
            pid = seqs[i]
            blp = 0
        elif ahead > 0:
            blp |= <uint16_t>(1 << (ahead - 1))
        write_u16(out + end - 4, pid)
        write_u16(out + end - 2, blp)
    return write_feedback(out, RTCP_RTPFB, RTPFB_NACK, sender_ssrc, media_ssrc, end)


cdef size_t rtcp_write_pli(
        uint8_t* out, uint32_t sender_ssrc, uint32_t media_ssrc) noexcept nogil:
    return write_feedback(out, RTCP_PSFB, PSFB_PLI, sender_ssrc, media_ssrc, FEEDBACK_FCI)


cdef size_t rtcp_write_fir(
        uint8_t* out, uint32_t sender_ssrc, uint32_t media_ssrc, uint8_t command) noexcept nogil:
    """The SSRC stands in the entry; that of the common head is 0 (RFC 5104 section 4.3.1.2)."""
    write_u32(out + FEEDBACK_FCI, media_ssrc)
    write_u32(out + FEEDBACK_FCI + 4, <uint32_t>command << 24)
    return write_feedback(out, RTCP_PSFB, PSFB_FIR, sender_ssrc, 0, FEEDBACK_FCI + FIR_ENTRY)


cdef size_t rtcp_write_remb(
        uint8_t* out, uint32_t sender_ssrc, int64_t bps, const uint32_t* ssrcs,
        int count) noexcept nogil:
    """The media SSRC of the common head is 0 (section 2.2)."""
    cdef uint32_t exponent = 0
    cdef int i
    while bps >> exponent > REMB_MANTISSA:
        exponent += 1
    write_u32(out + FEEDBACK_FCI, REMB_NAME)
    write_u32(
        out + FEEDBACK_FCI + 4,
        <uint32_t>count << 24 | exponent << 18 | <uint32_t>(bps >> exponent))
    for i in range(count):
        write_u32(out + REMB_SIZE + 4 * i, ssrcs[i])
    return write_feedback(
        out, RTCP_PSFB, PSFB_REMB, sender_ssrc, 0, REMB_SIZE + 4 * <size_t>count)


cdef inline size_t write_header(uint8_t* out, uint8_t type, int count, size_t size) noexcept nogil:
    out[0] = <uint8_t>(0x80 | count)
    out[1] = type
    write_u16(out + 2, <uint16_t>(size // 4 - 1))
    return size


cdef inline size_t write_feedback(
        uint8_t* out, uint8_t type, int fmt, uint32_t sender_ssrc, uint32_t media_ssrc,
        size_t size) noexcept nogil:
    write_u32(out + 4, sender_ssrc)
    write_u32(out + 8, media_ssrc)
    return write_header(out, type, fmt, size)


cdef void write_reports(uint8_t* out, const ReportBlock* blocks, int count) noexcept nogil:
    cdef const ReportBlock* block
    cdef int i
    for i in range(count):
        block = &blocks[i]
        write_u32(out, block.ssrc)
        out[4] = block.fraction_lost
        write_u24(out + 5, <uint32_t>max(LOST_SMALLEST, min(LOST_LARGEST, block.lost)))
        write_u32(out + 8, block.highest_seq)
        write_u32(out + 12, block.jitter)
        write_u32(out + 16, block.lsr)
        write_u32(out + 20, block.dlsr)
        out += REPORT_BLOCK_SIZE
