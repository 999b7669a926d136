"""bwe/competing: whose queue it is, against the rules of competing.pxd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.bwe import Competing

MS, SECOND_US = 1000, 1_000_000
MBPS = 1_000_000


class Life:
    """Feedback each 100 ms of a flow over a link."""

    def __init__(self):
        self.competing, self.now_us, self.bytes = Competing(0), 0, 0

    def flow(self, seconds, sent, queue_ms, acked=None, estimate=2 * MBPS, loses=False):
        for _ in range(round(seconds * 10)):
            self.now_us += 100 * MS
            self.bytes += int(sent / 80)
            fair = self.competing.look(
                queue_ms * MS, sent if acked is None else acked, estimate, self.bytes,
                self.now_us, loses,
            )  # fmt: skip
        return fair

    def beside_a_download(self):
        """From 1.8 Mbit/s of 2 to a third of a megabit, which changes nothing."""
        self.flow(5, 1.8 * MBPS, 0)
        self.flow(1, 1.8 * MBPS, 150, acked=1.2 * MBPS)
        self.flow(1, 1.0 * MBPS, 150, estimate=MBPS)
        return self.flow(2.5, 0.3 * MBPS, 150, estimate=MBPS)


def test_a_queue_that_stands_though_less_is_sent_is_somebody_elses():
    assert Life().beside_a_download() == pytest.approx(2 / 3 * 2 * MBPS)


@pytest.mark.parametrize("kbps", [150, 300, 500, 800])
def test_a_queue_that_drains_is_ours(kbps):
    """A link that narrows from 2 Mbit/s, with 200 ms of queue; three quarters of it are sent."""
    life, link = Life(), kbps * 1000
    life.flow(5, 1.8 * MBPS, 0)
    life.flow(1, 1.8 * MBPS, 200, acked=link)
    for step in range(40):
        queue_ms = max(0, 200 - step * 25)
        assert life.flow(0.1, 0.75 * link, queue_ms, acked=link if queue_ms else 0.75 * link) == 0


def test_who_sends_what_the_link_carries_fills_it_himself():
    life = Life()
    life.flow(5, 1.8 * MBPS, 0)
    assert life.flow(30, 0.5 * MBPS, 150, acked=0.5 * MBPS) == 0


def test_who_loses_half_fills_it_himself():
    life = Life()
    life.flow(5, 1.8 * MBPS, 0)
    life.flow(1, 1.0 * MBPS, 150, acked=0.5 * MBPS)
    assert life.flow(30, 0.3 * MBPS, 150, acked=0.15 * MBPS) == 0


def test_it_lasts_as_long_as_the_queue_stands_and_a_second():
    life = Life()
    fair = life.beside_a_download()
    assert life.flow(60, 1.2 * MBPS, 100, loses=True) == fair
    assert life.flow(0.5, 1.2 * MBPS, 10) == fair
    assert life.flow(10, 1.2 * MBPS, 100, loses=True) == fair
    assert life.flow(1.2, 1.2 * MBPS, 10) == 0


def test_what_does_not_arrive_refutes_it_for_half_a_minute():
    life = Life()
    assert life.beside_a_download() > 0
    assert life.flow(3, 1.2 * MBPS, 200, acked=0.4 * MBPS) == 0
    life.flow(2, 1.2 * MBPS, 0)
    assert life.beside_a_download() == 0
    life.flow(30, 1.2 * MBPS, 0)
    assert life.beside_a_download() > 0


class SlowCompeting:
    def __init__(self):
        self.fair = self.before = self.through = self.owed = self.sent = 0.0
        self.bytes = self.looked = 0
        self.stands = self.short = self.missing = None
        self.refuted = -30 * SECOND_US

    def look(self, queue_us, acked, bps, sent_bytes, now_us):
        passed = now_us - self.looked
        rate = 8e6 * (sent_bytes - self.bytes) / passed
        self.sent += min(1, passed / 500_000) * (rate - self.sent)
        self.bytes, self.looked = sent_bytes, now_us
        self._queue(queue_us, now_us)
        arrives = acked >= 0.85 * self.sent
        if self.fair:
            self.missing = None if arrives else now_us if self.missing is None else self.missing
            if self.missing is not None and now_us - self.missing >= 2 * SECOND_US:
                self.fair, self.refuted = 0.0, now_us
            if self.stands is None:
                self.fair = 0.0
        elif self.stands is None:
            self.through = self.owed = 0.0
            if queue_us < 25_000:
                self.before = bps
        elif arrives and now_us - self.stands > 300_000:
            self.through = max(self.through, acked)
            if self.through:
                self.owed += min(passed, 500_000) * max(0, 1 - self.sent / self.through)
            late = self.owed > 1.5 * queue_us + 50_000
            if late and now_us - self.refuted >= 30 * SECOND_US:
                self.fair, self.missing = max(2 / 3 * self.before, bps), None
        return self.fair

    def _queue(self, queue_us, now_us):
        if queue_us >= 35_000:
            self.short = None
            self.stands = now_us if self.stands is None else self.stands
            return
        self.short = now_us if self.short is None else self.short
        if not self.fair or now_us - self.short >= SECOND_US:
            self.stands = None


looks = st.tuples(
    st.integers(20_000, 700_000),
    st.sampled_from([0, 20_000, 30_000, 40_000, 90_000, 150_000, 150_000, 150_000]),
    st.integers(0, 2_000_000),
    st.integers(100_000, 3_000_000),
    st.integers(0, 60_000),
)


@given(st.lists(looks, min_size=20, max_size=120))
def test_like_the_slow_one(life):
    competing, slow, now_us, sent = Competing(0), SlowCompeting(), 0, 0
    for wait_us, queue_us, acked, bps, more in life:
        now_us, sent = now_us + wait_us, sent + more
        found = competing.look(queue_us, acked, bps, sent, now_us)
        assert found == pytest.approx(slow.look(queue_us, acked, bps, sent, now_us))
