"""See timeline.pxd."""

from libc.stdint cimport INT32_MAX, int32_t, int64_t, uint32_t, uint64_t

from fastsfu._native.media.reception cimport SECOND_US, ticks

cdef enum:
    PAUSE_US = 200000         # DTX sends less often, but its timestamps keep step
    MAX_PACKET_US = 120000    # of sound in one packet: the longest of Opus
    MAX_PACKETS = 1000        # lost in a gap, as far as they count
    MAX_LAG_US = 100000       # a smaller one is jitter, or the grain of the sender's reports
    MAX_APART = 60            # seconds between two reports that are compared


cdef void timeline_init(Timeline* timeline) noexcept nogil:
    timeline.newest = -1
    timeline.last_ts = 0
    timeline.last_us = 0
    timeline.since = 0
    timeline.shift = 0
    timeline.shift_before = 0
    timeline.suspect = 0
    timeline.owed = 0
    timeline.shift_reported = 0
    timeline.ahead = 0
    timeline.made_up = 0


cdef uint32_t timeline_map(
        Timeline* timeline, int64_t ext_seq, uint32_t ts, uint32_t clock_rate, int64_t now_us,
        int64_t witness_us) noexcept nogil:
    cdef uint32_t lag, gap
    if ext_seq > timeline.newest:
        lag = timeline.owed
        gap = paused(timeline, ext_seq, ts, clock_rate, now_us)
        if witness_us - timeline.last_us >= PAUSE_US:
            lag += gap
        elif gap:
            timeline.suspect = gap
        if lag:
            timeline.shift_before = timeline.shift
            timeline.shift += corrected(timeline, lag)
            timeline.since = ext_seq
            timeline.owed = 0
        timeline.newest = ext_seq
        timeline.last_ts = ts
        timeline.last_us = now_us
    return ts + (timeline.shift if ext_seq >= timeline.since else timeline.shift_before)


cdef inline uint32_t corrected(Timeline* timeline, uint32_t lag) noexcept nogil:
    """What to add for a pause that seems to have been so long."""
    cdef int32_t less = timeline.ahead - timeline.made_up
    less = min(less, <int32_t>min(lag, <uint32_t>INT32_MAX))
    timeline.made_up += less
    return lag - <uint32_t>less


cdef inline uint32_t paused(
        const Timeline* timeline, int64_t ext_seq, uint32_t ts, uint32_t clock_rate,
        int64_t now_us) noexcept nogil:
    """By how much the timestamp went on less than time did; 0: as much, or by more than its packets
    would take, so that the clock has run (DTX, and this one is late).
    """
    cdef int64_t packets = min(ext_seq - timeline.newest, <int64_t>MAX_PACKETS)
    cdef uint32_t advance = ts - timeline.last_ts
    cdef int32_t lag = <int32_t>(ticks(now_us - timeline.last_us, clock_rate) - advance)
    if timeline.newest < 0 or advance > ticks(packets * MAX_PACKET_US, clock_rate):
        return 0
    return <uint32_t>lag if lag > <int32_t>ticks(2 * MAX_LAG_US, clock_rate) else 0


cdef inline void note_ahead(Timeline* timeline, int32_t more, uint32_t clock_rate) noexcept nogil:
    """The clock has run ahead by so much more since the report before; of a second nothing is
    believed.
    """
    cdef int64_t ahead = <int64_t>timeline.ahead + more
    cdef bint is_known = -<int64_t>clock_rate < ahead < <int64_t>clock_rate
    timeline.ahead = <int32_t>ahead if is_known else 0
    timeline.made_up = 0


cdef uint32_t timeline_report(
        Timeline* timeline, const Reception* reception, const SenderInfo* info,
        int64_t now_us) noexcept nogil:
    cdef uint32_t ts = info.rtp_ts + timeline.shift
    cdef uint64_t apart = info.ntp - reception.sr_ntp       # 2^-32 s
    cdef uint32_t expected
    cdef int32_t lag
    if timeline.newest < 0 or reception.sr_ntp == 0 or apart > <uint64_t>MAX_APART << 32:
        return ts
    expected = (
        reception.sr_rtp_ts + ticks(<int64_t>(apart * SECOND_US >> 32), reception.clock_rate))
    lag = <int32_t>(expected - ts)
    # In a pause some repeat the last timestamp, libwebrtc says one that is behind by less. Who is
    # ahead of what is expected has a clock that runs: what a report before it was wrong about, or
    # the fraction of a tick, is not to turn it back.
    if now_us - timeline.last_us > PAUSE_US:
        return expected if lag > 0 else ts
    if lag > <int32_t>ticks(MAX_LAG_US, reception.clock_rate):
        timeline.owed = min(<uint32_t>lag, timeline.suspect)
    elif timeline.shift != timeline.shift_reported or timeline.made_up:
        note_ahead(timeline, -lag, reception.clock_rate)
    timeline.shift_reported = timeline.shift
    timeline.suspect = 0
    return ts + timeline.owed
