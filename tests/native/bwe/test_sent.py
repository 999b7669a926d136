"""bwe/sent against a dict of everything that was given."""

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.bwe import CAPACITY, SentLog

HOUR_US = 3_600_000_000


def test_numbers_go_up_and_wrap():
    log = SentLog(65_534)
    assert [log.note(100, 0) for _ in range(4)] == [65_534, 65_535, 0, 1]
    assert log.find(65_535, 0) == (0, 100, 0)


def test_what_was_not_given_is_not_there():
    log = SentLog(10)
    log.note(100, 0)
    assert log.find(11, 0) is None
    assert log.find(9, 0) is None


def test_what_is_acknowledged_says_nothing_any_more():
    log = SentLog()
    log.note(100, 5, cluster=3)
    assert log.find(0, 9, take=True) == (5, 100, 3)
    assert log.find(0, 9) is None


def test_the_time_is_kept_over_the_wrap_of_its_32_bits():
    log = SentLog()
    for us in (2**32 - 1, 2**32, 3 * HOUR_US):
        number = log.note(1, us)
        assert log.find(number, us + HOUR_US)[0] == us


@given(
    st.integers(0, 65_535),
    st.integers(1, 3 * CAPACITY),
    st.lists(st.integers(-CAPACITY - 40, 40), max_size=60),
)
def test_the_last_ones_are_kept(first, count, asked):
    log = SentLog(first)
    for i in range(count):
        log.note(1 + i % 1500, 10 * i)
    given_ones = {(first + i) & 0xFFFF: i for i in range(max(0, count - CAPACITY), count)}
    for back in asked:
        number = (first + count + back) & 0xFFFF
        i = given_ones.get(number)
        expected = None if i is None else (10 * i, 1 + i % 1500, 0)
        assert log.find(number, 10 * count) == expected


def test_a_slow_receiver_needs_few_entries_and_a_fast_one_gets_more():
    """Fifty a second answered within a second, then a thousand of which nothing is answered."""
    log = SentLog()
    least = log.capacity
    for i in range(1000):
        log.note(100, 20_000 * i)
        log.find((i - 50) & 0xFFFF, 20_000 * i, take=True)
    assert log.capacity == least < CAPACITY
    for i in range(2000):
        log.note(100, 20_000_000 + 1000 * i)
    assert log.capacity == CAPACITY
    assert all(log.find(1000 + i, 22_000_000) for i in range(2000))


def test_what_is_not_answered_for_long_makes_room_for_what_is_new():
    log = SentLog()
    least = log.capacity
    for i in range(3 * least):
        log.note(100, 40_000 * i)
    assert log.capacity == least
    assert log.find(2 * least - 1, 0) is None
    assert log.find(2 * least, 0) is not None
