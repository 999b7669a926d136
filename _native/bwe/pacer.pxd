"""Pacing as a debt: what was sent is owed, and drains at the pacing rate.

    debt(t) = max(0, debt - rate x elapsed) + bytes sent
    admits  debt + bytes of a packet <= 40 ms x rate, or no debt at all
    rate    what fits through the link while a large picture waits, and more of it than drains
            within 200 ms: a keyframe, or one of which more than that had to wait

So a frame leaves whole, as long as it drains within 40 ms; only what exceeds that waits, as
(stream, number): the packets themselves lie in the history. What waits leaves in order; sound never
waits, and is charged. A rate of 0 admits everything. The rate may be more than what fits through
the link, so that a frame is through before the next one; a large one that takes longer would fill
the link's queue.

Spread, a frame's packets leave one by one at the pacing rate: for who sends into the unknown, and
wants one of them to arrive as soon as any can.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t

cdef enum:
    PACER_CAPACITY = 512          # packets that wait: a power of two
    PACER_DRAIN_US = 40000        # str0m's (its LeakyBucketPacer)
    PACER_SHORT_US = 200000       # what is through by then may fill the link's queue
    PACER_IDLE = -1

cdef struct Paced:
    uint64_t stream               # whose packet: the caller's handle of it,
    uint64_t source               # and of what it is of
    int64_t number
    int64_t since_us
    uint32_t size                 # bytes

cdef struct Pacer:
    double debt_bytes
    double rate_bps
    double steady_bps             # what fits through the link
    bint spread                   # until the next pacer_set_rate
    int64_t at_us                 # when the debt was last drained
    uint32_t head                 # of the ring: the next one to leave
    uint32_t count
    int64_t waiting_bytes
    int64_t large_us              # when a large picture had to wait; 0 = none since nothing did
    int64_t keyframe_us           # and when a keyframe had to
    uint64_t picture_source       # the last picture that had to wait,
    uint32_t picture_ts
    int64_t picture_bytes         # and how much of it
    Paced* waiting                # PACER_CAPACITY; NULL until something has to wait

cdef void pacer_init(Pacer* pacer, int64_t now_us) noexcept nogil
cdef void pacer_free(Pacer* pacer) noexcept nogil              # what it holds, not itself
cdef void pacer_set_rate(
    Pacer* pacer, double rate_bps, double steady_bps, int64_t now_us) noexcept nogil
cdef void pacer_spread(Pacer* pacer, double rate_bps, int64_t now_us) noexcept nogil
# May a packet of so many bytes leave now? Not while others wait.
cdef bint pacer_admits(Pacer* pacer, uint32_t bytes, int64_t now_us) noexcept nogil
# They leave.
cdef void pacer_charge(Pacer* pacer, uint32_t bytes, int64_t now_us) noexcept nogil
# ts: of its picture; keyframe: of one. False: the ring is full, or at first: out of memory.
cdef bint pacer_put(
    Pacer* pacer, uint64_t stream, uint64_t source, int64_t number, uint32_t ts, uint32_t size,
    bint keyframe, int64_t now_us) noexcept nogil
# The next one that may leave now, taken out; then it is charged, if it does. False: none.
cdef bint pacer_next(Pacer* pacer, Paced* paced, int64_t now_us) noexcept nogil
# When the next one may; PACER_IDLE: none waits.
cdef int64_t pacer_due_us(const Pacer* pacer) noexcept nogil
