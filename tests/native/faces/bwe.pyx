"""Python faces of the parts of the bandwidth estimation, for their tests."""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free

from fastsfu._native.bwe.acked cimport Acked as CAcked, acked_init, acked_on_packet
from fastsfu._native.bwe.aimd cimport Aimd as CAimd, aimd_init, aimd_set, aimd_update
from fastsfu._native.bwe.allocate cimport (
    Step, Want, allocate as c_allocate, allocate_up, allocate_wanted)
from fastsfu._native.bwe.competing cimport (
    Competing as CCompeting, competing_init, competing_look)
from fastsfu._native.bwe.groups cimport (
    GroupDelta, Groups as CGroups, groups_init, groups_on_packet)
from fastsfu._native.bwe.loss_limit cimport (
    LossLimit as CLossLimit, loss_limit_choose, loss_limit_forgive, loss_limit_init,
    loss_limit_observe, loss_limit_on_packet, loss_limit_update)
from fastsfu._native.bwe.pacer cimport (
    PACER_CAPACITY, PACER_IDLE, Paced, Pacer as CPacer, pacer_admits, pacer_charge, pacer_due_us,
    pacer_free, pacer_init, pacer_next, pacer_put, pacer_set_rate, pacer_spread)
from fastsfu._native.bwe.probe cimport (
    Probe as CProbe, probe_begin, probe_cancel, probe_init, probe_on_arrival, probe_on_sent,
    probe_owed, probe_result)
from fastsfu._native.bwe.queue cimport Queue as CQueue, queue_init, queue_on_packet
from fastsfu._native.bwe.sent cimport (
    SENT_CAPACITY, Sent, SentLog as CSentLog, sent_at, sent_find, sent_free, sent_init,
    sent_note)
from fastsfu._native.bwe.start cimport Start as CStart, start_bps, start_on_packet
from fastsfu._native.bwe.trend cimport Trend as CTrend, Usage, trend_init, trend_on_delta

CAPACITY = SENT_CAPACITY
WAITING = PACER_CAPACITY
IDLE = PACER_IDLE


cdef class SentLog:
    cdef CSentLog log

    def __cinit__(self, first=0):
        sent_init(&self.log, first)

    def __dealloc__(self):
        sent_free(&self.log)

    @property
    def capacity(self):
        return self.log.capacity

    def note(self, size, now_us, cluster=0):
        self.log.cluster = cluster
        return sent_note(&self.log, size, now_us)

    def find(self, number, now_us, take=False):
        """(when it left, its size, its cluster), or None; `take`: it is acknowledged."""
        cdef Sent* sent = sent_find(&self.log, number)
        if sent == NULL:
            return None
        found = sent_at(sent, now_us), sent.size, sent.cluster
        if take:
            sent.size = 0
        return found


cdef class Groups:
    cdef CGroups groups

    def __init__(self):
        groups_init(&self.groups)

    def packet(self, sent_us, arrival_us):
        """(send delta, arrival delta) in us, or None."""
        cdef GroupDelta delta
        if groups_on_packet(&self.groups, sent_us, arrival_us, &delta):
            return delta.sent_us, delta.arrival_us
        return None


cdef class Trend:
    cdef CTrend trend

    def __init__(self):
        trend_init(&self.trend)

    def delta(self, sent_us, apart_us, arrival_us):
        """Usage: 0 normal, 1 overuse, 2 underuse."""
        cdef GroupDelta delta
        delta.sent_us = sent_us
        delta.arrival_us = apart_us
        return <int>trend_on_delta(&self.trend, &delta, arrival_us)

    @property
    def slope(self):
        return self.trend.slope

    @property
    def threshold_ms(self):
        return self.trend.threshold_ms


cdef class Queue:
    cdef CQueue queue

    def __init__(self):
        queue_init(&self.queue)

    def packet(self, sent_us, arrival_us):
        queue_on_packet(&self.queue, sent_us, arrival_us)
        return self.queue.us


cdef class Start:
    cdef CStart start

    def packet(self, queue_us, arrival_us, size):
        start_on_packet(&self.start, queue_us, arrival_us, size)

    def bps(self, low_us):
        return start_bps(&self.start, low_us)


cdef class Acked:
    cdef CAcked acked

    def __init__(self):
        acked_init(&self.acked)

    def packet(self, arrival_us, size):
        acked_on_packet(&self.acked, arrival_us, size)
        return self.acked.bps


cdef class Aimd:
    cdef CAimd aimd

    def __init__(self, bps, now_us=0):
        aimd_init(&self.aimd, bps, now_us)

    def update(self, usage, acked_bps, rtt_us, now_us, limited=False, recent_bps=None):
        cdef CAcked acked
        acked_init(&acked)
        acked.bps = acked_bps
        acked.recent_bps = acked_bps if recent_bps is None else recent_bps
        aimd_update(&self.aimd, <Usage><int>usage, &acked, rtt_us, limited, now_us)
        return self.aimd.bps

    def set(self, bps, now_us):
        aimd_set(&self.aimd, bps, now_us)

    @property
    def link_kbps(self):
        return self.aimd.link_kbps


cdef class LossLimit:
    cdef CLossLimit limit

    def __init__(self):
        loss_limit_init(&self.limit)

    def packet(self, sent_us, size, lost):
        loss_limit_on_packet(&self.limit, sent_us, size, lost)

    def forgive(self):
        loss_limit_forgive(&self.limit)

    def update(self, delay_bps, acked_bps):
        return bool(loss_limit_update(&self.limit, delay_bps, acked_bps))

    def observe(self, packets, lost, bps, delay_bps, acked_bps):
        """The bound after one more observation; 0: none."""
        loss_limit_observe(&self.limit, packets, lost, bps)
        loss_limit_choose(&self.limit, delay_bps, acked_bps)
        return self.limit.bps

    @property
    def bps(self):
        return self.limit.bps

    @property
    def inherent(self):
        return self.limit.inherent

    @property
    def observations(self):
        return self.limit.count


cdef class Competing:
    cdef CCompeting competing
    cdef CQueue queue

    def __init__(self, now_us=0):
        competing_init(&self.competing, now_us)
        queue_init(&self.queue)

    def look(self, queue_us, acked_bps, bps, uint64_t sent_bytes, now_us, loses=False):
        """What is ours beside others, 0: there are none."""
        cdef CAcked acked
        acked_init(&acked)
        acked.bps = acked.recent_bps = acked_bps
        self.queue.us = self.queue.low_us = queue_us
        competing_look(
            &self.competing, &self.queue, &acked, bps, loses, sent_bytes, now_us)
        return self.competing.fair_bps


cdef class Probe:
    cdef CProbe probe

    def __init__(self, now_us=0):
        probe_init(&self.probe, now_us)

    def begin(self, estimate_bps, wanted_bps, now_us):
        return bool(probe_begin(&self.probe, estimate_bps, wanted_bps, now_us))

    def sent(self, number, size, now_us):
        probe_on_sent(&self.probe, number, size, now_us)

    def arrival(self, sent_us, arrival_us, size):
        probe_on_arrival(&self.probe, sent_us, arrival_us, size)

    def result(self, number, estimate_bps, now_us, shared=False):
        return probe_result(&self.probe, number, estimate_bps, shared, now_us)

    def cancel(self, now_us):
        probe_cancel(&self.probe, now_us)

    def owed(self, now_us):
        return probe_owed(&self.probe, now_us)

    @property
    def state(self):
        return <int>self.probe.state

    @property
    def bps(self):
        return self.probe.bps

    @property
    def bytes(self):
        return self.probe.bytes

    @property
    def due_us(self):
        return self.probe.due_us


cdef class Pacer:
    cdef CPacer pacer

    def __cinit__(self, now_us=0):
        pacer_init(&self.pacer, now_us)

    def __dealloc__(self):
        pacer_free(&self.pacer)

    def rate(self, bps, now_us):
        pacer_set_rate(&self.pacer, bps, bps * 2 / 3, now_us)

    def spread(self, bps, now_us):
        pacer_spread(&self.pacer, bps, now_us)

    def admits(self, size, now_us):
        return bool(pacer_admits(&self.pacer, size, now_us))

    def charge(self, size, now_us):
        pacer_charge(&self.pacer, size, now_us)

    def put(self, stream, number, size, now_us, keyframe=False, ts=None):
        """ts: of its picture; by default one of its own."""
        return bool(pacer_put(
            &self.pacer, stream, 0, number, number if ts is None else ts, size, keyframe, now_us))

    def next(self, now_us):
        """(stream, number, size, since_us), or None."""
        cdef Paced paced
        if pacer_next(&self.pacer, &paced, now_us):
            pacer_charge(&self.pacer, paced.size, now_us)
            return paced.stream, paced.number, paced.size, paced.since_us
        return None

    @property
    def due_us(self):
        return pacer_due_us(&self.pacer)

    @property
    def debt_bytes(self):
        return self.pacer.debt_bytes

    @property
    def waiting_bytes(self):
        return self.pacer.waiting_bytes


def allocate(int64_t bps, wants):
    """wants: [([(bps, height)], most, priority, now)]. ([step of each], bits left, bits wanted)."""
    cdef int count = len(wants), i, k
    cdef Want* all_wants = <Want*>calloc(max(count, 1), sizeof(Want))
    cdef Step* steps = <Step*>calloc(max(1, sum(len(want[0]) for want in wants)), sizeof(Step))
    cdef Step* free_step = steps
    try:
        for i, (ladder, most, priority, now) in enumerate(wants):
            all_wants[i].steps = free_step
            all_wants[i].count = len(ladder)
            all_wants[i].most = most
            all_wants[i].priority = priority
            all_wants[i].now = now
            for k in range(len(ladder)):
                free_step.bps, free_step.height = ladder[k]
                free_step.up_bps = allocate_up(free_step.bps)
                free_step += 1
        left = c_allocate(bps, all_wants, count)
        return [all_wants[i].step for i in range(count)], left, allocate_wanted(all_wants, count)
    finally:
        free(all_wants)
        free(steps)
