"""bwe/queue: how long packets wait, whatever both clocks say."""

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.bwe import Queue

SECOND_US = 1_000_000


def test_the_least_delay_is_no_queue():
    queue = Queue()
    waits = [queue.packet(i * 20_000, i * 20_000 - 5 * SECOND_US + late) for i, late in
             enumerate([0, 30_000, 10_000, -4_000, 0])]  # fmt: skip
    assert waits == [0, 30_000, 10_000, 0, 4_000]


def test_a_longer_way_is_no_queue_after_20_seconds():
    queue = Queue()
    queue.packet(0, 0)
    assert queue.packet(SECOND_US, SECOND_US + 50_000) == 50_000
    for second in range(2, 24):
        wait = queue.packet(second * SECOND_US, second * SECOND_US + 50_000)
    assert wait == 0


@given(st.lists(st.tuples(st.integers(0, 3 * SECOND_US), st.integers(0, 200_000)), min_size=1))
def test_never_more_than_above_the_least_of_20_seconds(life):
    queue, sent, seen = Queue(), 0, []
    for step, delay in life:
        sent += step
        seen.append((sent, delay))
        wait = queue.packet(sent, sent + delay)
        lately = [d for at, d in seen if sent - at <= 10 * SECOND_US]
        ever = [d for _, d in seen]
        assert delay - min(lately) <= wait <= delay - min(ever)
