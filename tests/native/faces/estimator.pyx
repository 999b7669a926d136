"""Python face of the estimator, for its tests."""

from libc.stdint cimport uint64_t

from fastsfu._native.bwe.estimator cimport (
    ESTIMATE_START_BPS, Estimator as CEstimator, estimator_conclude, estimator_init,
    estimator_on_arrivals, estimator_on_remb, estimator_on_report, estimator_overflows,
    estimator_probe, estimator_sends, estimator_tick, estimator_unheard)
from fastsfu._native.bwe.probe cimport probe_owed
from fastsfu._native.bwe.sent cimport SentLog, sent_free, sent_init
from fastsfu._native.packet.twcc cimport Arrival

START_BPS = ESTIMATE_START_BPS


cdef class Estimator:
    cdef CEstimator estimator
    cdef SentLog log

    def __cinit__(self, now_us=0, twcc=True, first=0):
        sent_init(&self.log, first)
        estimator_init(&self.estimator, &self.log if twcc else NULL, now_us)

    def __dealloc__(self):
        sent_free(&self.log)

    def sends(self, size, now_us):
        return estimator_sends(&self.estimator, size, now_us)

    def feedback(self, arrivals, now_us):
        """arrivals: [(number, ticks or None)], as the feedback has them."""
        cdef Arrival arrival[64]
        cdef int count = 0
        for number, ticks in arrivals:
            arrival[count].number = number & 0xFFFF
            arrival[count].received = ticks is not None
            arrival[count].ticks = (ticks or 0) & 0xFFFFFFFF
            count += 1
            if count == 64:
                estimator_on_arrivals(&self.estimator, arrival, count, now_us)
                count = 0
        estimator_on_arrivals(&self.estimator, arrival, count, now_us)
        estimator_conclude(&self.estimator, now_us)

    def remb(self, bps, uint64_t sent_bytes, now_us):
        estimator_on_remb(&self.estimator, bps, sent_bytes, now_us)

    def report(self, packets, lost, uint64_t sent_bytes, now_us):
        estimator_on_report(&self.estimator, packets, lost, sent_bytes, now_us)

    def tick(self, now_us):
        estimator_tick(&self.estimator, now_us)

    def probe(self, now_us):
        return bool(estimator_probe(&self.estimator, now_us))

    def owed(self, now_us):
        """Bytes that the cluster under way lacks."""
        return probe_owed(&self.estimator.probe, now_us)

    @property
    def bps(self):
        return self.estimator.bps

    @property
    def proven(self):
        return bool(self.estimator.proven)

    @property
    def limited(self):
        return bool(self.estimator.limited)

    def unheard(self, now_us, heard_us=0):
        return bool(estimator_unheard(&self.estimator, heard_us, now_us))

    @property
    def overflows(self):
        return bool(estimator_overflows(&self.estimator))

    @property
    def away(self):
        return self.estimator.away_us != 0

    @property
    def wanted_bps(self):
        return self.estimator.wanted_bps

    @wanted_bps.setter
    def wanted_bps(self, bps):
        self.estimator.wanted_bps = bps

    @property
    def state(self):
        """What lies behind the estimate, to print when a test fails."""
        return {
            "delay": self.estimator.aimd.bps, "loss": self.estimator.loss.bps,
            "acked": self.estimator.acked.bps, "usage": <int>self.estimator.trend.usage,
            "queue_us": self.estimator.queue.us, "link": self.estimator.aimd.link_kbps,
            "probe": <int>self.estimator.probe.state, "inherent": self.estimator.loss.inherent,
            "average": self.estimator.loss.average, "rtt_us": self.estimator.rtt_us,
            "fair": self.estimator.competing.fair_bps,
        }
