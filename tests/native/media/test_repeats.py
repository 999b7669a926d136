"""media/repeats: once a round-trip time, and within a quarter of the estimate."""

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.repeats import Repeats

MS, SECOND_US = 1000, 1_000_000


def test_a_number_goes_once_in_a_round_trip():
    repeats = Repeats()
    assert repeats.allow(7, 10 * MS)
    assert not repeats.allow(7, 49 * MS)
    assert repeats.allow(8, 49 * MS)
    assert repeats.allow(7, 50 * MS)  # four fifths: the receiver measures for itself


def test_numbers_a_ring_apart_are_others():
    repeats = Repeats()
    assert repeats.allow(7, 10 * MS)
    assert repeats.allow(7 + 512, 11 * MS)


def test_what_is_asked_for_again_and_again_is_in_vain():
    """Whether it is sent each time or not."""
    repeats = Repeats()
    for ask in range(6):
        assert not repeats.vain(7)
        repeats.allow(7, ask * 20 * MS)
        repeats.allow(8 + ask, ask * 20 * MS)
    assert repeats.vain(7)
    assert not repeats.vain(8)
    repeats.allow(7 + 512, SECOND_US)
    assert not repeats.vain(7)
    assert not repeats.vain(7 + 512)


def test_what_is_owed_is_noted_once_until_it_is_settled():
    repeats = Repeats()
    assert all(repeats.owe(seq) for seq in (*range(32), 5))
    assert not repeats.owe(32)
    assert repeats.owed() == list(range(32))
    repeats.settle(3)
    assert repeats.owed() == [0, 1, 2, 31, *range(4, 31)]
    assert repeats.owe(32)


def test_the_clock_wraps():
    repeats, wrap = Repeats(2**32 - 10 * MS), 2**32
    assert repeats.allow(7, wrap - 10 * MS)
    assert not repeats.allow(7, wrap + 20 * MS)
    assert repeats.allow(7, wrap + 40 * MS)
    assert repeats.allow(9, wrap)
    assert not repeats.allow(9, wrap)


def test_without_an_estimate_eight_megabits():
    repeats = Repeats()
    sent = sum(repeats.allow(i & 0xFFFF, i * 100) for i in range(20_000))  # 2 s, 80 Mbit/s asked
    assert 2 * 1000 * 0.9 < sent <= 3 * 1000


asks = st.lists(st.tuples(st.integers(0, 20 * MS), st.integers(0, 700)), max_size=300)


@given(asks, st.integers(100_000, 5_000_000), st.integers(0, 300 * MS))
def test_never_more_than_a_quarter_and_what_a_second_saves_up(asks, bps, rtt_us):
    repeats, now_us, sent, last = Repeats(), 0, 0, {}
    for wait_us, seq in asks:
        now_us += wait_us
        if repeats.allow(seq, now_us, rtt_us=rtt_us, estimate_bps=bps):
            assert now_us - last.get(seq, -SECOND_US) >= rtt_us * 79 // 100 - 100
            last[seq] = now_us
            sent += 1000
        assert sent <= bps / 32 * (1 + now_us / SECOND_US)
