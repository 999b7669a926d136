"""Python face of media/loss, for its tests."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastsfu._native.media.loss cimport (
    LOSS_CAPACITY, LOSS_DUPLICATE_OR_OLD, LOSS_GAP, LOSS_HOPELESS, LOSS_IN_ORDER, LOSS_RECOVERED,
    LossTracker, loss_answer_us, loss_due, loss_init, loss_on_packet)

CAPACITY = LOSS_CAPACITY
IN_ORDER, GAP, RECOVERED = LOSS_IN_ORDER, LOSS_GAP, LOSS_RECOVERED
DUPLICATE_OR_OLD, HOPELESS = LOSS_DUPLICATE_OR_OLD, LOSS_HOPELESS


cdef class Loss:
    cdef LossTracker tracker

    def __init__(self):
        loss_init(&self.tracker)

    def packet(self, ext_seq, now_us=0):
        return loss_on_packet(&self.tracker, ext_seq, now_us)

    def due(self, now_us, answer_us=0, capacity=LOSS_CAPACITY):
        """(numbers to ask for, whether some were given up)."""
        cdef uint16_t seqs[LOSS_CAPACITY]
        cdef bint gave_up
        cdef int count = loss_due(&self.tracker, now_us, answer_us, seqs, capacity, &gave_up)
        return [seqs[i] for i in range(count)], bool(gave_up)

    def answer(self, ext_seq, now_us, usual_us=0):
        return loss_answer_us(&self.tracker, ext_seq, usual_us, now_us)

    @property
    def late_us(self):
        return self.tracker.late_us

    @property
    def due_us(self):
        return self.tracker.due_us

    @property
    def missing(self):
        return [self.tracker.missing[i].ext_seq for i in range(self.tracker.count)]

    @property
    def given_up(self):
        return self.tracker.given_up

    def packets(self, int64_t first, uint32_t count, uint32_t lose_every):
        """Take `count` packets in order, for the benchmark, each `lose_every`th of them 32 late."""
        cdef int64_t ext_seq
        cdef uint32_t i
        with nogil:
            for i in range(count):
                ext_seq = first + i
                if ext_seq % lose_every != 0:
                    loss_on_packet(&self.tracker, ext_seq, i)
                if (ext_seq - 32) % lose_every == 0:
                    loss_on_packet(&self.tracker, ext_seq - 32, i)
