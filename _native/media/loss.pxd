"""Our own losses on one received stream: which sequence numbers to NACK upstream, and when
(RFC 4585 section 6.2.1).

Reordering gets a short grace; a number is asked for a few times, one round-trip time apart; a gap
beyond what can be asked for is given up and wants a keyframe instead.

Invariant: of all packets with one extended number, at most one gets another verdict than
LOSS_DUPLICATE_OR_OLD. Who forwards nothing of that verdict never forwards two packets (say, an
original and a differing RTX of it) under one number: the nonce of SRTP stands on that."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

cdef enum:
    LOSS_CAPACITY = 256       # missing numbers remembered: half a second of video at 4 Mbit/s

cdef struct Missing:
    int64_t ext_seq
    int64_t due_us            # ask (again) from then on
    int64_t since_us          # when the gap was seen
    uint32_t asked_us         # when it was asked for last: low 32 bits of the clock
    uint8_t asks              # times asked

cdef struct LossTracker:
    Missing missing[LOSS_CAPACITY]   # ascending ext_seq
    int count
    int64_t due_us            # nothing is to be asked for before
    int64_t highest           # -1 before the first packet
    int64_t late_us           # how long the last LOSS_RECOVERED was missing; 0: not asked for yet
    uint32_t given_up         # numbers no longer asked for, in all

cdef enum LossVerdict:
    LOSS_IN_ORDER = 0
    LOSS_GAP                  # numbers went missing just now
    LOSS_RECOVERED            # this one was missing
    LOSS_DUPLICATE_OR_OLD     # seen before, given up, or from before the first packet: drop it
    LOSS_HOPELESS             # too wide a gap: all missing was given up; ask for a keyframe

cdef void loss_init(LossTracker* tracker) noexcept nogil
cdef LossVerdict loss_on_packet(
    LossTracker* tracker, int64_t ext_seq, int64_t now_us) noexcept nogil
# Numbers to ask for now, ascending, at most `capacity`; marks them asked. answer_us: how long an
# answer takes; <= 0: unknown. *gave_up: some ran out of asks or time (want a keyframe).
cdef int loss_due(
    LossTracker* tracker, int64_t now_us, int64_t answer_us,
    uint16_t* seqs, int capacity, bint* gave_up) noexcept nogil
# How long this repeat took from its ask, before loss_on_packet takes it. 0: it was not missing, or
# which of two asks it answers is not known (RFC 6298 section 3, Karn's algorithm). It is the first
# where it comes too soon for the second, or after more: else a way that becomes longer than what is
# usual would never be known to be.
cdef int64_t loss_answer_us(
    const LossTracker* tracker, int64_t ext_seq, int64_t usual_us,
    int64_t now_us) noexcept nogil


cdef inline int64_t loss_usual_us(int64_t usual_us, int64_t took_us) noexcept nogil:
    """What is usual after one that took so long, rather the longer ones. 0: none yet."""
    cdef int64_t apart_us = took_us - usual_us
    if usual_us == 0:
        return took_us
    return usual_us + (apart_us // 4 if apart_us > 0 else apart_us // 16)
