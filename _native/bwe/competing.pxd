"""Does the queue on the way belong to somebody else? Who gives way to a download by TCP, as the
queue asks for, is left with nothing: it takes whatever others leave, and keeps the queue full.

    sent    less than what went through when the queue began to stand, and all of it arrives: so the
            queue has to shrink by (1 - sent / through) of the time that passes
    foreign when it stands although it should be gone by now, half as long again: then two thirds of
            what was estimated before it stood are ours, whatever the queue is like, for as long as
            it stands and what is sent arrives

Then neither has more than twice what the other one has.
"""

from libc.stdint cimport int64_t, uint64_t

from fastsfu._native.bwe.acked cimport Acked
from fastsfu._native.bwe.queue cimport Queue

cdef struct Competing:
    double fair_bps           # ours, beside somebody's queue; 0 = there is none
    double before_bps         # the estimate when the queue was short last
    double through_bps        # most that arrived since it stands
    double owed_us            # by how much it should have shrunk since
    double sent_bps           # of late
    uint64_t sent_bytes       # until looked_us
    int64_t looked_us
    int64_t stands_us         # since when the queue stands; 0 = it does not
    int64_t short_us          # since when it is short; 0 = it is not
    int64_t missing_us        # since when less arrives than is sent; 0 = it does not
    int64_t lost_us           # when something was lost last
    int64_t refuted_us        # when the queue turned out to be ours

cdef void competing_init(Competing* competing, int64_t now_us) noexcept nogil
# After feedback. bps: the estimate; loses: of late something was lost; sent_bytes: in all. A queue
# that others keep full says nothing of the least one, so long as it overflows now and then.
cdef void competing_look(
    Competing* competing, Queue* queue, const Acked* acked, double bps, bint loses,
    uint64_t sent_bytes, int64_t now_us) noexcept nogil
