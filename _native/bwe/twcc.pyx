"""See twcc.pxd: a ring of arrivals, and the place up to which they were told."""

from fastsfu._native.base.seq cimport seq_extend
from fastsfu._native.packet.twcc cimport TwccSpan, twcc_write


cdef void twcc_init(TwccReceiver* twcc) noexcept nogil:
    cdef int i
    for i in range(TWCC_WINDOW):
        twcc.arrival_us[i] = -1
    twcc.first = -1
    twcc.highest = -1
    twcc.unreported = 0
    twcc.feedback_count = 0


cdef void twcc_on_packet(TwccReceiver* twcc, uint16_t seq, int64_t arrival_us) noexcept nogil:
    cdef int64_t number
    if twcc.first < 0:
        number = 0x10000 + seq                  # room below for what was overtaken by it
        twcc.first = number
        twcc.highest = number
    else:
        number = seq_extend(seq, twcc.highest)
    if number > twcc.highest:
        advance(twcc, number)
    elif number <= twcc.highest - TWCC_WINDOW:
        return
    elif twcc.arrival_us[number & (TWCC_WINDOW - 1)] >= 0:
        return                                  # a duplicate: the first arrival counts
    twcc.arrival_us[number & (TWCC_WINDOW - 1)] = arrival_us
    twcc.unreported += 1
    if number < twcc.first:                     # reported lost: say again, as libwebrtc does
        twcc.first = number


cdef size_t twcc_tell(
        TwccReceiver* twcc, uint8_t* out, size_t capacity,
        uint32_t sender_ssrc, uint32_t media_ssrc) noexcept nogil:
    cdef TwccSpan span
    cdef size_t size
    if twcc.first < 0 or twcc.first > twcc.highest:
        return 0
    span.arrival_us = twcc.arrival_us
    span.mask = TWCC_WINDOW - 1
    span.first = twcc.first
    span.last = twcc.highest
    twcc.first += twcc_write(
        &span, out, capacity, sender_ssrc, media_ssrc, twcc.feedback_count, &size)
    twcc.feedback_count += 1
    if twcc.first > twcc.highest:
        twcc.unreported = 0
    return size


cdef void advance(TwccReceiver* twcc, int64_t number) noexcept nogil:
    """`number` is the new highest: empty the places of those skipped, and forget what falls out of
    the window."""
    cdef int64_t skipped = max(twcc.highest, number - TWCC_WINDOW) + 1
    while skipped < number:
        twcc.arrival_us[skipped & (TWCC_WINDOW - 1)] = -1
        skipped += 1
    twcc.highest = number
    twcc.first = max(twcc.first, number - TWCC_WINDOW + 1)
