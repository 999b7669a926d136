"""See start.pxd."""

cdef enum:
    FREE_US = 10000               # of waiting, which any link has
    FULL_US = 60000               # longer than bursts and radios make all packets wait
    LEAST_BYTES = 5000            # that tell a rate,
    LEAST_GAPS = 3                # and times the longest one: else a radio has stood still


cdef void start_on_packet(
        Start* start, int64_t queue_us, int64_t arrival_us, uint32_t size) noexcept nogil:
    if queue_us < FREE_US:
        start.since_us = start.last_us = arrival_us
        start.bytes = start.gap_us = 0
    elif start.since_us:
        start.gap_us = max(start.gap_us, arrival_us - start.last_us)
        start.last_us = max(start.last_us, arrival_us)
        start.bytes += size


cdef double start_bps(const Start* start, int64_t low_us) noexcept nogil:
    cdef int64_t passed_us = start.last_us - start.since_us
    if low_us < FULL_US or start.bytes < LEAST_BYTES or passed_us <= 0:
        return 0
    if passed_us < LEAST_GAPS * start.gap_us:
        return 0
    return 8e6 * start.bytes / passed_us
