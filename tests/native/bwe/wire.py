"""A steady flow over a way whose delay and losses the test says, on virtual time."""

from tests.native.faces.estimator import Estimator

MS, SECOND_US = 1000, 1_000_000


class Wire:
    """Packets on a way without a queue; feedback each `every_ms`."""

    def __init__(self, every_ms=100, **options):
        self.estimator, self.now_us = Estimator(0, **options), 0
        self.every_ms = every_ms

    def flow(self, seconds, bps, size=1000, lost=lambda i: False, late_us=lambda i: 0, told=True):
        apart_us, arrivals, i = size * 8e6 / bps, [], 0
        end_us, next_us = self.now_us + seconds * SECOND_US, self.now_us
        while self.now_us < end_us:
            self.now_us += MS
            while next_us <= self.now_us:
                number = self.estimator.sends(size, self.now_us)
                arrival_us = self.now_us + 20 * MS + late_us(i)
                arrivals.append((number, None if lost(i) else arrival_us // 250))
                next_us, i = next_us + apart_us, i + 1
            if self.now_us % (self.every_ms * MS) == 0:
                while arrivals and arrivals[-1][1] is None:
                    arrivals.pop()  # not known before a later one has come
                if told:
                    self.estimator.feedback(arrivals, self.now_us)
                arrivals = []
            self.estimator.tick(self.now_us)
        return self.estimator.bps
