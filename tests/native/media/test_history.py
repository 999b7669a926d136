"""media/history: what can be sent again, and that every buffer comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.history import History

AGE_US = 1_000_000


@pytest.fixture
def history():
    history = History(8, AGE_US)
    yield history
    assert history.close() == 0


def put(history, *numbers, at_us=0):
    for number in numbers:
        history.put(number, b"%d" % number, at_us, at_us)


def test_a_packet_is_found_by_its_number(history):
    put(history, 70_000, 70_001, 70_003)
    assert history.get(70_001, 0) == b"70001"
    assert history.get(70_002, 0) is None
    assert history.get(69_999, 0) is None
    assert history.get(70_004, 0) is None


def test_an_empty_history_has_nothing(history):
    assert history.get(0, 0) is None
    assert history.get(-1, 0) is None


def test_the_ring_keeps_the_newest(history):
    put(history, *range(20))
    assert [n for n in range(25) if history.get(n, 0)] == list(range(12, 20))
    assert history.held == 8


def test_a_late_packet_takes_its_place(history):
    put(history, 10, 12, 11, 9)
    assert [history.get(n, 0) for n in (9, 10, 11, 12)] == [b"9", b"10", b"11", b"12"]


def test_a_packet_a_ring_behind_is_not_kept(history):
    put(history, 20, 12)
    assert history.get(12, 0) is None
    assert history.get(20, 0) == b"20"
    put(history, 13)
    assert history.get(13, 0) == b"13"


def test_what_is_too_old_is_neither_found_nor_held(history):
    put(history, 1, 2, at_us=0)
    put(history, 3, at_us=AGE_US)
    assert history.get(1, AGE_US) == b"1"
    assert history.get(1, AGE_US + 1) is None
    put(history, 4, at_us=AGE_US + 1)
    assert history.held == 2


def test_for_a_while_nothing_is_too_old(history):
    put(history, 1, at_us=0)
    history.keep(3 * AGE_US)
    put(history, 2, at_us=2 * AGE_US)
    assert history.get(1, 3 * AGE_US - 1) == b"1"
    put(history, 3, at_us=3 * AGE_US)
    assert [history.get(n, 3 * AGE_US) for n in (1, 2, 3)] == [None, b"2", b"3"]
    assert history.held == 2


def test_a_silent_stream_is_emptied_by_expire(history):
    put(history, 1, 2, 3)
    history.expire(AGE_US)
    assert history.held == 3
    history.expire(AGE_US + 1)
    assert history.held == 0
    put(history, 4, at_us=AGE_US + 2)
    assert history.get(4, AGE_US + 2) == b"4"


def test_the_same_number_again_replaces(history):
    history.put(5, b"one", 0, 0)
    history.put(5, b"two", 0, 0)
    assert history.get(5, 0) == b"two"
    assert history.held == 1


@pytest.mark.parametrize("jump", [7, 8, 9, 16, 30_000, 1 << 40])
def test_a_jump_lets_go_of_what_falls_out(history, jump):
    put(history, 0, 1, 2)
    put(history, 2 + jump)
    kept = [n for n in (0, 1, 2) if history.get(n, 0)]
    assert kept == [n for n in (0, 1, 2) if n > 2 + jump - 8]
    assert history.held == 1 + len(kept)


def test_free_releases_what_is_held():
    history = History(64, AGE_US)
    put(history, *range(40))
    assert history.held == 40
    assert history.close() == 0


steps = st.tuples(
    st.one_of(st.just(1), st.integers(-12, 6), st.integers(-100, 100)),
    st.integers(0, AGE_US // 2),
    st.booleans(),
)


@given(st.integers(0, 1 << 33), st.lists(steps, max_size=100))
def test_agrees_with_a_dict(first, life):
    """Found is what a dict of the last 8 numbers holds; an empty one may begin anywhere."""
    history, kept, now, newest = History(8, AGE_US), {}, 0, first
    for i, (step, wait_us, expire) in enumerate(life):
        now += wait_us
        number = max(0, newest + step)
        kept = {n: v for n, v in kept.items() if now - v[1] <= AGE_US}
        if expire:
            history.expire(now)
            assert history.held >= len(kept)
        else:
            history.put(number, b"%d" % i, now, now)
            newest = max(newest, number) if kept else number
            kept[number] = (b"%d" % i, now)
        kept = {n: v for n, v in kept.items() if n > newest - 8}
        found = {n: history.get(n, now) for n in range(newest - 20, newest + 20)}
        assert {n: v for n, v in found.items() if v} == {n: v[0] for n, v in kept.items()}
        assert history.held <= 8
    assert history.close() == 0
