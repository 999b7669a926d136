"""Arrival groups: packets that left within one burst count as one (draft-ietf-rmcat-gcc-02 section
5.2), so that what is compared is the delay between frames, not within them.

A group holds what left within GROUP_US, and what a queue on the way has pushed together.
"""

from libc.stdint cimport int64_t

cdef enum:
    GROUP_US = 5000           # libwebrtc's kSendTimeGroupLength
    GROUP_LONGEST_US = 100000 # of what was pushed together, from its first arrival
    GROUP_JUMP_US = 3000000   # a clock that jumps: begin anew

cdef struct Group:
    int64_t first_sent_us
    int64_t sent_us           # of its last packet
    int64_t first_arrival_us
    int64_t arrival_us

cdef struct Groups:
    Group current
    Group previous
    int count                 # 0, 1: `current` is open, 2: `previous` too
    int backwards             # groups in a row that arrived before the one before them

cdef struct GroupDelta:       # from one group's last packet to the next one's
    int64_t sent_us
    int64_t arrival_us        # by the receiver's clock

cdef void groups_init(Groups* groups) noexcept nogil
# One received packet, in the order of sending. True: it began a new group, and `delta` is what lies
# between the two before it.
cdef bint groups_on_packet(
    Groups* groups, int64_t sent_us, int64_t arrival_us, GroupDelta* delta) noexcept nogil
