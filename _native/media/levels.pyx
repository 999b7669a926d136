"""See levels.pxd. The V bit is not used: senders without a voice detector set it always, or
never."""

cdef enum:
    INTERVAL_US = 100000      # between reports
    SILENCE = 127             # -dBov of digital silence
    NOISE_FLOOR = 72          # -55 dBov: microphones hiss below it, speech stays above -45
    STEP = 4                  # dB that a meter shows

# Shares of a new packet (20 ms): up within two packets, so that a speaker shows at once; down over
# ten, so that the gap between two words does not.
cdef float ATTACK = 0.5
cdef float RELEASE = 0.1


cdef void level_init(Level* level) noexcept nogil:
    level.smoothed = 0
    level.next_report_us = 0
    level.reported = 0


cdef bint level_on_packet(
        Level* level, uint8_t value, int64_t now_us, uint8_t* report) noexcept nogil:
    cdef float difference = <float>(SILENCE - (value & 0x7F)) - level.smoothed
    cdef int shown, change
    level.smoothed += difference * (ATTACK if difference > 0 else RELEASE)
    shown = <int>(level.smoothed + 0.5)
    shown = shown if shown >= NOISE_FLOOR else 0
    change = shown - <int>level.reported
    if -STEP < change < STEP or now_us < level.next_report_us:
        return False
    level.next_report_us = now_us + INTERVAL_US
    level.reported = <uint8_t>shown
    report[0] = level.reported
    return True


cdef bint level_silence(Level* level, uint8_t* report) noexcept nogil:
    cdef bint spoke = level.reported > 0
    level.smoothed = 0
    level.reported = 0
    report[0] = 0
    return spoke
