"""Transport-wide congestion feedback on the wire
(draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1)."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

cdef enum:
    TWCC_TICK_US = 250        # unit of a receive delta
    TWCC_STATUSES = 1024      # packets that one feedback packet of ours tells of at most

# What is to be told: the arrivals of the numbers from `first` to `last`.
cdef struct TwccSpan:
    const int64_t* arrival_us # ring by (extended number & mask), us; -1 = not received
    uint32_t mask
    int64_t first             # extended numbers; first <= last
    int64_t last

# Writes one feedback packet over the beginning of the span, as much as fits; returns the number of
# packets it tells of, at least 1. capacity >= 64 bytes; *size: bytes written.
cdef int twcc_write(
    const TwccSpan* span, uint8_t* out, size_t capacity, uint32_t sender_ssrc,
    uint32_t media_ssrc, uint8_t feedback_count, size_t* size) noexcept nogil
