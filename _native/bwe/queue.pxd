"""How long packets wait on the way: the one-way delay above the least one of the last 10 to 20
seconds. The clocks of both ends differ by any constant, and drift by a millisecond or two in that
time."""

from libc.stdint cimport int64_t

cdef enum:
    QUEUE_WINDOW_US = 10000000
    QUEUE_GROWN_US = 25000    # what was less meanwhile is somebody's frame
    QUEUE_STANDING_US = 35000     # and what never was less stands

cdef struct Queue:
    int64_t least_us[2]       # of this window and of the one before
    int64_t began_us          # of this window, by our clock; -1: no packet yet
    int64_t us                # waiting time of the last packet
    int64_t low_us            # least waiting time since queue_mark
    bint marked               # no packet came since then

cdef void queue_init(Queue* queue) noexcept nogil
# Both by their own clock.
cdef void queue_on_packet(Queue* queue, int64_t sent_us, int64_t arrival_us) noexcept nogil


cdef inline void queue_mark(Queue* queue) noexcept nogil:
    """Begin anew with `low_us`; until the next packet comes it is that of the last one."""
    queue.low_us = queue.us
    queue.marked = True


cdef inline void queue_keep(Queue* queue, int64_t passed_us) noexcept nogil:
    """So much time has passed in which others kept it full: it says nothing of the least one."""
    if queue.began_us >= 0:
        queue.began_us += passed_us
