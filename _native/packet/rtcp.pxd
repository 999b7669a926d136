"""RTCP (RFC 3550 section 6, RFC 4585, RFC 5104, transport-wide feedback): walk a compound packet,
read what the SFU acts on, write what it sends. Readers take one packet as rtcp_next gave it and
never look beyond its end; they return False for another type and for a truncated one.

     0                   1                   2                   3
    |V=2|P| RC/FMT  |      PT       |    length in words - 1        |
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum RtcpType:
    RTCP_SR = 200
    RTCP_RR = 201
    RTCP_SDES = 202
    RTCP_BYE = 203
    RTCP_APP = 204
    RTCP_RTPFB = 205
    RTCP_PSFB = 206

cdef enum:
    RTPFB_NACK = 1
    RTPFB_TRANSPORT_CC = 15
    PSFB_PLI = 1
    PSFB_FIR = 4
    PSFB_REMB = 15
    REMB_MOST_SSRCS = 255              # that one can name
    REPORT_BLOCK_SIZE = 24

cdef struct RtcpPacket:                # one packet of a compound
    uint8_t type
    uint8_t count                      # RC, SC or FMT
    const uint8_t* data                # from its header
    uint16_t size                      # with header, without padding

cdef struct SenderInfo:
    uint32_t ssrc
    uint64_t ntp                       # 32.32 fixed point seconds since 1900
    uint32_t rtp_ts
    uint32_t packets
    uint32_t octets

cdef struct ReportBlock:
    uint32_t ssrc
    uint8_t fraction_lost              # 1/256
    int32_t lost                       # cumulative, 24 bit signed
    uint32_t highest_seq               # cycles << 16 | seq
    uint32_t jitter                    # RTP timestamp units
    uint32_t lsr                       # middle 32 bits of the last SR's NTP time
    uint32_t dlsr                      # 1/65536 s since then

cdef struct Feedback:                  # the common head of RFC 4585 section 6.1
    uint32_t sender_ssrc
    uint32_t media_ssrc

# Walk: *offset starts at 0. True: `packet` is the next one. False: the end was reached
# (offset == size) or the rest is malformed.
cdef bint rtcp_next(
    const uint8_t* compound, size_t size, size_t* offset, RtcpPacket* packet) noexcept nogil
cdef bint rtcp_read_sender_info(
    const RtcpPacket* packet, SenderInfo* info) noexcept nogil                  # of an SR
cdef bint rtcp_read_report(
    const RtcpPacket* packet, int index, ReportBlock* block) noexcept nogil     # of an SR or RR
cdef bint rtcp_read_feedback(
    const RtcpPacket* packet, Feedback* feedback) noexcept nogil                # of RTPFB, PSFB
# The sequence numbers that a NACK names, at most `capacity`; returns how many, 0 when there are no
# more. *cursor starts at 0 and resumes the walk.
cdef int rtcp_read_nack(
    const RtcpPacket* packet, size_t* cursor, uint16_t* seqs, int capacity) noexcept nogil
# Does a FIR name this SSRC?
cdef bint rtcp_fir_names(const RtcpPacket* packet, uint32_t ssrc) noexcept nogil
# The index-th SSRC of a BYE; False when there is none.
cdef bint rtcp_read_bye(const RtcpPacket* packet, int index, uint32_t* ssrc) noexcept nogil

# Bits a second of a REMB (draft-alvestrand-rmcat-remb-03 section 2.2).
cdef bint rtcp_read_remb(const RtcpPacket* packet, int64_t* bps) noexcept nogil

# Writers return the bytes written; the caller has made room for as many as the comments say.
# 28 + 24 count, count <= 31
cdef size_t rtcp_write_sr(
    uint8_t* out, const SenderInfo* info, const ReportBlock* blocks, int count) noexcept nogil
# 8 + 24 count, count <= 31
cdef size_t rtcp_write_rr(
    uint8_t* out, uint32_t ssrc, const ReportBlock* blocks, int count) noexcept nogil
# At most 14 + cname_size
cdef size_t rtcp_write_sdes_cname(
    uint8_t* out, uint32_t ssrc, const uint8_t* cname, uint8_t cname_size) noexcept nogil
# 4 + 4 count, count <= 31
cdef size_t rtcp_write_bye(uint8_t* out, const uint32_t* ssrcs, int count) noexcept nogil
# At most 12 + 4 count; seqs ascending (serial)
cdef size_t rtcp_write_nack(
    uint8_t* out, uint32_t sender_ssrc, uint32_t media_ssrc, const uint16_t* seqs,
    int count) noexcept nogil
# 12
cdef size_t rtcp_write_pli(
    uint8_t* out, uint32_t sender_ssrc, uint32_t media_ssrc) noexcept nogil
# 20 + 4 count, count <= REMB_MOST_SSRCS; of bps (below 2^62) the highest 18 bits
cdef size_t rtcp_write_remb(
    uint8_t* out, uint32_t sender_ssrc, int64_t bps, const uint32_t* ssrcs,
    int count) noexcept nogil
# 20; `command` goes up with every new request (RFC 5104 section 4.3.1.1)
cdef size_t rtcp_write_fir(
    uint8_t* out, uint32_t sender_ssrc, uint32_t media_ssrc, uint8_t command) noexcept nogil
