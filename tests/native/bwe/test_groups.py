"""bwe/groups against the definition (draft-ietf-rmcat-gcc-02 section 5.2)."""

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.bwe import Groups

MS = 1000


def deltas(packets):
    groups = Groups()
    return [d for packet in packets if (d := groups.packet(*packet)) is not None]


def test_a_frame_is_one_group():
    packets = [
        (frame * 33 * MS, 5 * MS + frame * 33 * MS + i) for frame in range(4) for i in range(6)
    ]
    assert deltas(packets) == [(33 * MS, 33 * MS)] * 2


def test_what_left_within_5_ms_is_one_group():
    assert deltas([(0, 0), (5 * MS, 6 * MS), (5 * MS + 1, 20 * MS), (40 * MS, 60 * MS)]) == [
        (1, 14 * MS)
    ]


def test_what_a_queue_has_pushed_together_is_one_group():
    """Held up for 60 ms, four packets come at once."""
    held = [(20 * MS * i, 100 * MS + i) for i in range(4)]
    assert deltas([(-40 * MS, -40 * MS), (-20 * MS, -20 * MS), *held, (90 * MS, 130 * MS)]) == [
        (20 * MS, 20 * MS),
        (80 * MS, 120 * MS + 3),
    ]
    assert deltas([*held, (90 * MS, 130 * MS), (110 * MS, 150 * MS)]) == [
        (90 * MS - 60 * MS, 30 * MS - 3)
    ]


def test_a_packet_that_was_overtaken_does_not_count():
    assert deltas([(0, 0), (20 * MS, 20 * MS), (10 * MS, 90 * MS), (40 * MS, 40 * MS)]) == [
        (20 * MS, 20 * MS)
    ]


def test_a_clock_that_jumps_begins_anew():
    jump = 4_000_000
    before = [(i * 20 * MS, i * 20 * MS) for i in range(5)]
    after = [(i * 20 * MS, i * 20 * MS + jump) for i in range(5, 10)]
    assert deltas(before + after) == [(20 * MS, 20 * MS)] * 6


def test_a_clock_set_back_begins_anew():
    before = [(i * 20 * MS, i * 20 * MS) for i in range(5)]
    after = [(i * 20 * MS, i * 20 * MS - 1_000_000) for i in range(5, 12)]
    found = deltas(before + after)
    assert all(delta == (20 * MS, 20 * MS) for delta in found)
    assert len(found) >= 7


class SlowGroups:
    """Everything kept in lists."""

    def __init__(self):
        self.groups, self.backwards = [], 0

    def packet(self, sent, arrival):
        if not self.groups:
            self.groups = [[(sent, arrival)]]
            return None
        last = self.groups[-1]
        if sent < last[0][0]:
            return None
        newest_sent, newest_arrival = max(p[0] for p in last), max(p[1] for p in last)
        burst = (
            0 <= arrival - newest_arrival < sent - newest_sent
            and arrival - newest_arrival <= 5 * MS
            and arrival - last[0][1] < 100 * MS
        )
        if sent - last[0][0] <= 5 * MS or burst:
            last.append((sent, arrival))
            return None
        found = self._measure() if len(self.groups) > 1 else None
        self.groups.append([(sent, arrival)])
        return found

    def _measure(self):
        before, last = self.groups[-2:]
        sent = max(p[0] for p in last) - max(p[0] for p in before)
        arrival = max(p[1] for p in last) - max(p[1] for p in before)
        self.backwards = 0 if arrival >= 0 else self.backwards + 1
        if abs(arrival - sent) >= 3_000_000 or self.backwards == 3:
            self.groups, self.backwards = [], 0
            return None
        return (sent, arrival) if arrival >= 0 else None


steps = st.one_of(st.just(0), st.integers(0, 8 * MS), st.integers(-30 * MS, 60 * MS))
waits = st.one_of(
    st.integers(0, 9 * MS), st.integers(-80 * MS, 120 * MS), st.integers(0, 5_000_000)
)


@given(st.lists(st.tuples(steps, waits), max_size=150))
def test_like_the_slow_one(life):
    groups, slow, sent, arrival = Groups(), SlowGroups(), 10**9, 2 * 10**9
    for step, wait in life:
        sent, arrival = sent + step, arrival + wait
        assert groups.packet(sent, arrival) == slow.packet(sent, arrival)
