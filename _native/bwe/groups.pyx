"""See groups.pxd."""

cdef enum:
    MOST_BACKWARDS = 3        # then the receiver's clock has been set back


cdef void groups_init(Groups* groups) noexcept nogil:
    groups.count = 0
    groups.backwards = 0


cdef bint groups_on_packet(
        Groups* groups, int64_t sent_us, int64_t arrival_us, GroupDelta* delta) noexcept nogil:
    cdef bint measured
    if groups.count == 0:
        begin(groups, sent_us, arrival_us)
        return False
    if sent_us < groups.current.first_sent_us:
        return False                  # overtaken
    if belongs(&groups.current, sent_us, arrival_us):
        groups.current.sent_us = max(groups.current.sent_us, sent_us)
        groups.current.arrival_us = max(groups.current.arrival_us, arrival_us)
        return False
    measured = groups.count == 2 and measure(groups, delta)
    if groups.count == 0:             # a clock has jumped
        begin(groups, sent_us, arrival_us)
        return False
    groups.previous = groups.current
    begin(groups, sent_us, arrival_us)
    return measured


cdef inline void begin(Groups* groups, int64_t sent_us, int64_t arrival_us) noexcept nogil:
    groups.count = min(groups.count + 1, 2)
    groups.current.first_sent_us = groups.current.sent_us = sent_us
    groups.current.first_arrival_us = groups.current.arrival_us = arrival_us


cdef inline bint belongs(
        const Group* group, int64_t sent_us, int64_t arrival_us) noexcept nogil:
    cdef int64_t apart_us = arrival_us - group.arrival_us
    if sent_us - group.first_sent_us <= GROUP_US:
        return True
    # Pushed together: it comes right behind, nearer than it left.
    return (
        0 <= apart_us < sent_us - group.sent_us and apart_us <= GROUP_US
        and arrival_us - group.first_arrival_us < GROUP_LONGEST_US)


cdef bint measure(Groups* groups, GroupDelta* delta) noexcept nogil:
    delta.sent_us = groups.current.sent_us - groups.previous.sent_us
    delta.arrival_us = groups.current.arrival_us - groups.previous.arrival_us
    if not -GROUP_JUMP_US < delta.arrival_us - delta.sent_us < GROUP_JUMP_US:
        groups_init(groups)
        return False
    if delta.arrival_us >= 0:
        groups.backwards = 0
        return True
    groups.backwards += 1
    if groups.backwards >= MOST_BACKWARDS:
        groups_init(groups)
    return False
