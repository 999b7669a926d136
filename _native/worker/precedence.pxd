"""Whether a worker goes before all else on its core: for most of the time, however much it has to
do.

A worker wakes often and for a short time, and what else runs there, the event loop's thread above
all, delays its packets. In real time (SCHED_RR) it does not. But of a core that a worker needs for
itself nobody else would get anything: who has gone first for PRECEDENCE_MOST of a window shares
the core, as all threads do, for the rest of that window, and for as long in proportion after a
turn that took more. So who joins waits for packets, not they for him, and nobody waits for ever:
for 85 ms at a stretch and a turn, when the end of one window and the beginning of the next are
taken.
"""

from libc.stdint cimport int64_t

cdef enum:
    PRECEDENCE_WINDOW_US = 50000  # over which load is taken
    PRECEDENCE_MOST = 85          # per cent of it that a worker goes first

cdef struct Precedence:
    bint goes_first
    int64_t began_us              # the window, or since when it shares its core
    int64_t until_us              # it does so
    int64_t woke_us               # until then its time in this window is taken
    int64_t busy_us               # and was this much, with what it had to wait for the core
    int64_t cpu_us                # of the thread, when the window began

cdef void precedence_init(Precedence* precedence, int64_t cpu_us, int64_t now_us) noexcept nogil
cdef void precedence_wakes(Precedence* precedence, int64_t now_us) noexcept nogil
# It has run until now. True: the window has ended, or what it may take of it seems to be used up;
# to know that takes the thread's CPU time.
cdef bint precedence_runs(Precedence* precedence, int64_t now_us) noexcept nogil
# What follows from it. True: `goes_first` is another one now.
cdef bint precedence_settle(
    Precedence* precedence, int64_t cpu_us, int64_t now_us) noexcept nogil
