"""See loss.pxd. The constants are the field's: libwebrtc (nack_requester.cc) and mediasoup
(NackGenerator) ask at once, again every round trip, ten times at most; Janus waits 12 ms first."""

from libc.stdint cimport INT64_MAX
from libc.string cimport memmove

cdef enum:
    # A number is asked for after this time, however many later ones came meanwhile: links reorder
    # within a burst. It is a third of a frame at 60/s, so that the repair still comes in time.
    GRACE_US = 5000
    # A sender ignores a second NACK within the round-trip time that it knows of; a third one is too
    # late for the picture. 20 ms is libwebrtc's tick.
    LATE_US = 10000
    MIN_INTERVAL_US = 20000
    MAX_INTERVAL_US = 500000
    BACKED_OFF = 2                # doubled so often: the way may have become longer
    UNKNOWN_US = 100000
    MAX_ASKS = 10
    # Chromium's sender keeps packets for one second; after it a keyframe is the sooner repair.
    MAX_AGE_US = 1000000


cdef void loss_init(LossTracker* tracker) noexcept nogil:
    tracker.count = 0
    tracker.due_us = INT64_MAX
    tracker.highest = -1
    tracker.given_up = 0


cdef LossVerdict loss_on_packet(
        LossTracker* tracker, int64_t ext_seq, int64_t now_us) noexcept nogil:
    cdef int64_t gap = ext_seq - tracker.highest - 1
    cdef int at
    if tracker.highest < 0:
        tracker.highest = ext_seq
        return LOSS_IN_ORDER
    if gap < 0:
        at = find(tracker, ext_seq)
        if at < 0:
            return LOSS_DUPLICATE_OR_OLD
        tracker.late_us = (
            now_us - tracker.missing[at].since_us if tracker.missing[at].asks else 0)
        remove(tracker, at)
        return LOSS_RECOVERED
    if gap > LOSS_CAPACITY - tracker.count:
        tracker.given_up += <uint32_t>(gap + tracker.count)
        tracker.count = 0
        tracker.due_us = INT64_MAX
        tracker.highest = ext_seq
        return LOSS_HOPELESS
    append_gap(tracker, ext_seq, now_us)
    tracker.highest = ext_seq
    return LOSS_GAP if gap > 0 else LOSS_IN_ORDER


cdef int loss_due(
        LossTracker* tracker, int64_t now_us, int64_t answer_us,
        uint16_t* seqs, int capacity, bint* gave_up) noexcept nogil:
    cdef int64_t interval = answer_us + LATE_US if answer_us > 0 else UNKNOWN_US
    cdef int asked = 0, kept = 0, i
    cdef Missing* one
    interval = max(<int64_t>MIN_INTERVAL_US, min(interval, <int64_t>MAX_INTERVAL_US))
    gave_up[0] = False
    tracker.due_us = INT64_MAX
    for i in range(tracker.count):
        one = &tracker.missing[i]
        if one.due_us <= now_us and out_of_asks(one, now_us):
            gave_up[0] = True
            tracker.given_up += 1
            continue
        if one.due_us <= now_us and asked < capacity:
            seqs[asked] = <uint16_t>one.ext_seq
            asked += 1
            one.asks += 1
            one.asked_us = <uint32_t>now_us
            one.due_us = now_us + min(
                interval << min(one.asks - 1, BACKED_OFF), <int64_t>MAX_INTERVAL_US)
        tracker.due_us = min(tracker.due_us, one.due_us)
        tracker.missing[kept] = one[0]
        kept += 1
    tracker.count = kept
    return asked


cdef int64_t loss_answer_us(
        const LossTracker* tracker, int64_t ext_seq, int64_t usual_us,
        int64_t now_us) noexcept nogil:
    cdef int at = find(tracker, ext_seq)
    cdef int64_t took_us
    if at < 0 or tracker.missing[at].asks == 0:
        return 0
    took_us = <uint32_t>(<uint32_t>now_us - tracker.missing[at].asked_us)
    if tracker.missing[at].asks == 1:
        return took_us
    if tracker.missing[at].asks == 2 and took_us >= usual_us // 2:
        return 0
    return now_us - tracker.missing[at].since_us - GRACE_US


cdef inline bint out_of_asks(const Missing* one, int64_t now_us) noexcept nogil:
    """Asked at least once, in vain, and no ask or no time left."""
    return one.asks >= MAX_ASKS or (one.asks > 0 and now_us - one.since_us >= MAX_AGE_US)


cdef int find(const LossTracker* tracker, int64_t ext_seq) noexcept nogil:
    """Where `ext_seq` stands among the missing; -1: it is not one of them."""
    cdef int low = 0, high = tracker.count, middle
    while low < high:
        middle = (low + high) // 2
        if tracker.missing[middle].ext_seq < ext_seq:
            low = middle + 1
        else:
            high = middle
    return low if low < tracker.count and tracker.missing[low].ext_seq == ext_seq else -1


cdef void remove(LossTracker* tracker, int at) noexcept nogil:
    tracker.count -= 1
    memmove(
        &tracker.missing[at], &tracker.missing[at + 1],
        <size_t>(tracker.count - at) * sizeof(Missing))


cdef void append_gap(LossTracker* tracker, int64_t end, int64_t now_us) noexcept nogil:
    """What lies between the highest number and `end` is missing."""
    cdef int64_t ext_seq = tracker.highest + 1
    cdef Missing* one
    while ext_seq < end:
        one = &tracker.missing[tracker.count]
        one.ext_seq = ext_seq
        one.due_us = now_us + GRACE_US
        one.since_us = now_us
        one.asks = 0
        tracker.count += 1
        tracker.due_us = min(tracker.due_us, one.due_us)
        ext_seq += 1
