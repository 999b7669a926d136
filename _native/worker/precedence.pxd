"""Whether a worker goes before all else on its core: as long as it needs less than half of it.

A worker wakes often and for a short time, and what else runs there, the event loop's thread above
all, delays its packets. In real time (SCHED_RR) it does not. But of a core that a worker needs for
itself nobody else would get anything: from a half on it shares it, as all threads do.
"""

from libc.stdint cimport int64_t

cdef enum:
    PRECEDENCE_WINDOW_US = 100000 # over which load is taken
    PRECEDENCE_LEAST = 40         # per cent of a core: below it the worker goes first again
    PRECEDENCE_MOST = 50          # from then on it does not

cdef struct Precedence:
    bint goes_first
    int64_t began_us              # the window
    int64_t busy_us               # in it, with what the worker had to wait for the core
    int64_t cpu_us                # of the thread, when the window began

cdef void precedence_init(Precedence* precedence, int64_t cpu_us, int64_t now_us) noexcept nogil
# A turn that took `busy_us` has ended. True: the window has too, for whoever goes first once half
# of it is used up; to know what it was takes the thread's CPU time.
cdef bint precedence_on_turn(
    Precedence* precedence, int64_t busy_us, int64_t now_us) noexcept nogil
# The window's end. True: `goes_first` is another one now.
cdef bint precedence_settle(
    Precedence* precedence, int64_t cpu_us, int64_t now_us) noexcept nogil
