"""Reception statistics of one received RTP stream (RFC 3550 section 6.4.1 and appendices A.1, A.3,
A.8) and its sender's clock."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastsfu._native.packet.rtcp cimport ReportBlock, SenderInfo

cdef enum:
    SECOND_US = 1000000

cdef struct Reception:
    uint32_t ssrc
    uint32_t clock_rate       # Hz
    int64_t base_seq          # extended number of the first packet; -1 before it
    int64_t highest_seq       # extended
    uint64_t received         # packets, recovered ones included, duplicates not
    uint64_t expected_prior
    uint64_t received_prior
    uint32_t jitter_q4        # jitter in timestamp units, times 16 (A.8)
    uint32_t last_transit
    uint64_t sr_ntp           # of the last sender report; 0 = none yet
    uint32_t sr_rtp_ts
    int64_t sr_arrival_us     # by our clock

cdef void reception_init(
    Reception* reception, uint32_t ssrc, uint32_t clock_rate) noexcept nogil
cdef void reception_on_packet(
    Reception* reception, int64_t ext_seq, uint32_t ts, int64_t arrival_us) noexcept nogil
cdef void reception_on_sr(
    Reception* reception, const SenderInfo* info, int64_t arrival_us) noexcept nogil
# Expected - received; may be negative.
cdef int64_t reception_lost(const Reception* reception) noexcept nogil
# Starts a new interval.
cdef void reception_report(
    Reception* reception, ReportBlock* block, int64_t now_us) noexcept nogil
# The sender's NTP time and RTP timestamp for `now_us`, extrapolated from its last SR. False when
# there was none.
cdef bint reception_sender_clock(
    const Reception* reception, int64_t now_us, uint64_t* ntp, uint32_t* rtp_ts) noexcept nogil

# How far `other`'s timestamps are behind at one instant: two encodings of one source have one
# clock. By the last reports of both, else, or where those are absurd, by when the newest packets
# came. False: neither is known.
cdef bint reception_align(
    const Reception* reception, const Reception* other, uint32_t* behind) noexcept nogil


cdef inline uint32_t ticks(int64_t us, uint32_t rate) noexcept nogil:
    """Microseconds in units of 1/rate s, modulo 2^32; in two steps, so that no clock overflows."""
    cdef uint64_t whole = <uint64_t>(us // SECOND_US) * rate
    return <uint32_t>(whole + <uint64_t>(us % SECOND_US) * rate // SECOND_US)
