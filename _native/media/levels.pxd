"""Who speaks: audio levels (RFC 6464) of one stream, smoothed, reported when they change enough to
show."""

from libc.stdint cimport int64_t, uint8_t

cdef struct Level:
    float smoothed            # over the packets, exponentially: 0 (silent) .. 127 (loud)
    int64_t next_report_us
    uint8_t reported          # 0: silence, or only the room's noise

cdef void level_init(Level* level) noexcept nogil
# `value`: the extension's byte (V bit and -dBov). True: `*report` (0..127) is worth telling now (at
# most every 100 ms; nothing at all while the stream stays silent).
cdef bint level_on_packet(
    Level* level, uint8_t value, int64_t now_us, uint8_t* report) noexcept nogil
# The stream is paused or gone: forget it. True: silence is worth telling now (*report is 0).
cdef bint level_silence(Level* level, uint8_t* report) noexcept nogil
