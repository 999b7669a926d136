"""See reception.pxd."""

from libc.stdint cimport int32_t, uint8_t

cdef enum:
    LOST_MAX = 0x7FFFFF       # "cumulative number of packets lost" has 24 bits with its sign
    LOST_MIN = -0x800000
    MAX_JITTER_SECONDS = 5    # a jump beyond is a new timeline, not jitter (as in libwebrtc)
    DAY_SECONDS = 86400


cdef void reception_init(
        Reception* reception, uint32_t ssrc, uint32_t clock_rate) noexcept nogil:
    reception.ssrc = ssrc
    reception.clock_rate = clock_rate
    reception.base_seq = -1
    reception.highest_seq = -1
    reception.received = 0
    reception.expected_prior = 0
    reception.received_prior = 0
    reception.jitter_q4 = 0
    reception.last_transit = 0
    reception.sr_ntp = 0
    reception.sr_rtp_ts = 0
    reception.sr_arrival_us = 0


cdef void reception_on_packet(
        Reception* reception, int64_t ext_seq, uint32_t ts, int64_t arrival_us) noexcept nogil:
    cdef uint32_t transit = ticks(arrival_us, reception.clock_rate) - ts
    reception.received += 1
    if reception.base_seq < 0:
        reception.base_seq = ext_seq
        reception.highest_seq = ext_seq
        reception.last_transit = transit
    elif ext_seq > reception.highest_seq:       # a late one was recovered: its delay is no jitter
        reception.highest_seq = ext_seq
        update_jitter(reception, transit)


cdef void reception_on_sr(
        Reception* reception, const SenderInfo* info, int64_t arrival_us) noexcept nogil:
    reception.sr_ntp = info.ntp
    reception.sr_rtp_ts = info.rtp_ts
    reception.sr_arrival_us = arrival_us


cdef int64_t reception_lost(const Reception* reception) noexcept nogil:
    return <int64_t>(expected(reception) - reception.received)


cdef void reception_report(
        Reception* reception, ReportBlock* block, int64_t now_us) noexcept nogil:
    cdef uint64_t expected_now = expected(reception)
    cdef int64_t expected_interval = <int64_t>(expected_now - reception.expected_prior)
    cdef int64_t received_interval = <int64_t>(reception.received - reception.received_prior)
    cdef int64_t lost_interval = expected_interval - received_interval
    cdef int64_t lost = reception_lost(reception)
    reception.expected_prior = expected_now
    reception.received_prior = reception.received
    block.ssrc = reception.ssrc
    block.fraction_lost = 0
    if expected_interval > 0 and lost_interval > 0:     # below 256: the highest one was received
        block.fraction_lost = <uint8_t>((lost_interval << 8) // expected_interval)
    block.lost = <int32_t>max(<int64_t>LOST_MIN, min(lost, <int64_t>LOST_MAX))
    block.highest_seq = <uint32_t>max(reception.highest_seq, <int64_t>0)
    block.jitter = reception.jitter_q4 >> 4
    block.lsr = <uint32_t>(reception.sr_ntp >> 16)
    block.dlsr = 0
    if reception.sr_ntp != 0:
        block.dlsr = ticks(max(now_us - reception.sr_arrival_us, <int64_t>0), 65536)


cdef bint reception_sender_clock(
        const Reception* reception, int64_t now_us, uint64_t* ntp, uint32_t* rtp_ts) noexcept nogil:
    cdef uint64_t elapsed_us = <uint64_t>max(now_us - reception.sr_arrival_us, <int64_t>0)
    if reception.sr_ntp == 0:
        return False
    ntp[0] = reception.sr_ntp + ((elapsed_us // SECOND_US) << 32)
    ntp[0] += ((elapsed_us % SECOND_US) << 32) // SECOND_US
    rtp_ts[0] = reception.sr_rtp_ts + ticks(<int64_t>elapsed_us, reception.clock_rate)
    return True


cdef bint reception_align(
        const Reception* reception, const Reception* other, uint32_t* behind) noexcept nogil:
    cdef bint arrived = reception.base_seq >= 0 and other.base_seq >= 0
    cdef uint32_t by_arrival = other.last_transit - reception.last_transit
    cdef int32_t apart
    if not align_reports(reception, other, behind):
        behind[0] = by_arrival
        return arrived
    apart = <int32_t>(behind[0] - by_arrival)
    if arrived and not -<int64_t>reception.clock_rate < apart < <int64_t>reception.clock_rate:
        behind[0] = by_arrival
    return True


cdef bint align_reports(
        const Reception* reception, const Reception* other, uint32_t* behind) noexcept nogil:
    cdef int64_t apart = <int64_t>(other.sr_ntp - reception.sr_ntp)      # 32.32 s
    if reception.sr_ntp == 0 or other.sr_ntp == 0:
        return False
    if apart >> 32 > DAY_SECONDS or apart >> 32 < -DAY_SECONDS:
        return False
    # In two steps, so that no clock rate overflows.
    behind[0] = reception.sr_rtp_ts - other.sr_rtp_ts
    behind[0] += <uint32_t>((apart >> 32) * reception.clock_rate)
    behind[0] += <uint32_t>((<uint64_t><uint32_t>apart * reception.clock_rate) >> 32)
    return True


cdef inline uint64_t expected(const Reception* reception) noexcept nogil:
    if reception.base_seq < 0:
        return 0
    return <uint64_t>(reception.highest_seq - reception.base_seq + 1)


cdef inline void update_jitter(Reception* reception, uint32_t transit) noexcept nogil:
    cdef int64_t distance = <int32_t>(transit - reception.last_transit)
    reception.last_transit = transit
    distance = -distance if distance < 0 else distance
    if distance < <int64_t>reception.clock_rate * MAX_JITTER_SECONDS:
        reception.jitter_q4 += <uint32_t>(distance - ((reception.jitter_q4 + 8) >> 4))
