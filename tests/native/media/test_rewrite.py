"""media/rewrite: continuous numbers, and no index for two source packets (SRTP's nonce)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.rewrite import Rewrite

M32 = 1 << 32


def started(first_seq=100, ts_offset=7, source=5000, ts=90_000):
    rewrite = Rewrite(first_seq, ts_offset)
    rewrite.start(source, ts)
    return rewrite


def test_first_packet_gets_the_first_number_and_the_offset():
    rewrite = started()
    assert rewrite.map(5000, 90_000) == (100, 90_007)


def test_nothing_is_mapped_before_the_start_and_after_a_stop():
    rewrite = Rewrite(100, 7)
    assert rewrite.map(5000, 0) is None
    rewrite.start(5000, 0)
    rewrite.stop()
    assert rewrite.map(5000, 0) is None
    assert rewrite.find(100) is None


def test_source_gaps_stay_gaps_and_late_packets_find_their_number():
    rewrite = started()
    assert [rewrite.map(n, 0)[0] for n in (5000, 5001, 5004, 5003, 5005)] == [
        *(100, 101, 104, 103, 105)
    ]


def test_packets_from_before_the_start_are_dropped():
    rewrite = started()
    rewrite.map(5000, 0)
    assert rewrite.map(4999, 0) is None


def test_the_same_packet_again_gets_the_same_index_and_timestamp():
    rewrite = started()
    first = rewrite.map(5000, 90_000)
    rewrite.map(5001, 93_000)
    assert rewrite.map(5000, 90_000) == first


def test_pause_and_resume_leaves_no_gap_and_keeps_the_timestamp_line():
    rewrite = started()
    rewrite.map(5000, 90_000, 0)
    rewrite.stop()
    rewrite.start(5600, 990_000, same_source=True, now_us=10_000_000)
    assert rewrite.map(5600, 990_000, 10_000_000) == (101, 990_007)
    assert rewrite.map(5599, 990_000, 10_000_000) is None


def test_a_late_packet_of_before_the_pause_is_dropped():
    rewrite = started()
    for number in (5000, 5001, 5003):
        rewrite.map(number, 0)
    rewrite.stop()
    rewrite.start(5010, 0)
    assert rewrite.map(5002, 0) is None
    assert rewrite.map(5010, 0)[0] == 104


@pytest.mark.parametrize("source_ts", [0, 123, M32 - 1, 0x8000_0000])
def test_a_new_source_continues_by_the_time_elapsed(source_ts):
    rewrite = started()
    _, before = rewrite.map(5000, 90_000, 1_000_000)
    rewrite.stop()
    rewrite.start(9, source_ts, same_source=False, clock_rate=90_000, now_us=1_500_000)
    assert rewrite.map(9, source_ts, 1_500_000) == (101, before + 45_000)


def test_a_new_source_in_the_same_instant_gets_a_later_timestamp():
    rewrite = started()
    _, before = rewrite.map(5000, 90_000, 1_000_000)
    rewrite.start(9, 77, same_source=False, now_us=1_000_000)
    assert rewrite.map(9, 77, 1_000_000) == (101, before + 1)


def test_a_day_without_packets_does_not_overflow():
    rewrite = started()
    _, before = rewrite.map(5000, 90_000, 0)
    day_us = 86_400 * 1_000_000
    rewrite.start(9, 0, same_source=False, clock_rate=90_000, now_us=1000 * day_us)
    assert rewrite.map(9, 0, 1000 * day_us) == (101, (before + 90_000 * 86_400 * 1000) % M32)


def test_elapsed_time_counts_from_the_highest_timestamp():
    rewrite = started()
    rewrite.map(5001, 93_000, 1_000_000)
    rewrite.map(5000, 90_000, 1_400_000)  # late
    rewrite.start(9, 0, same_source=False, clock_rate=90_000, now_us=2_000_000)
    assert rewrite.map(9, 0, 2_000_000)[1] == 93_007 + 90_000


def test_a_start_without_packets_costs_no_number():
    rewrite = started()
    rewrite.stop()
    rewrite.start(7000, 1000, same_source=False)
    assert rewrite.map(7000, 1000) == (100, 1007)


def test_numbers_wrap_into_the_rollover_counter():
    rewrite = started(first_seq=0x7FFF)
    assert rewrite.map(5000 + 0x8001, 0)[0] == 0x10000
    assert rewrite.find(0) == (5000 + 0x8001, 0x10000)
    assert rewrite.find(0xFFFF) == (5000 + 0x8000, 0xFFFF)


def test_find_refuses_what_was_not_sent_since_the_start():
    rewrite = started()
    for number in range(5000, 5010):
        rewrite.map(number, 0)
    rewrite.start(6000, 0)
    assert rewrite.find(109) is None  # before the start
    assert rewrite.find(110) is None  # not sent yet
    rewrite.map(6000, 0)
    assert rewrite.find(110) == (6000, 110)
    assert rewrite.find(109) is None
    assert rewrite.find(111) is None


def test_find_before_any_packet():
    rewrite = Rewrite(100, 0)
    assert all(rewrite.find(number) is None for number in (0, 99, 100, 101, 0xFFFF))
    rewrite.start(5000, 0)
    assert all(rewrite.find(number) is None for number in (0, 99, 100, 101, 0xFFFF))


class Lives:
    """A source's life as the engine leads it: packets, some late; pauses; changes of source."""

    packet = st.tuples(st.just("packet"), st.integers(-40, 400))
    pause = st.tuples(st.just("stop"), st.just(0))
    start = st.tuples(st.sampled_from(["same", "other"]), st.integers(-3, 2000))
    lists = st.lists(st.one_of(packet, packet, packet, packet, pause, start), max_size=120)


@given(Lives.lists, st.integers(0, 0x7FFF), st.integers(0, M32 - 1))
def test_an_index_is_never_given_to_two_source_packets(life, first_seq, ts_offset):
    rewrite = Rewrite(first_seq, ts_offset)
    source, highest, given = 0, 1000, {}
    for step, value in life:
        if step == "stop":
            rewrite.stop()
        elif step == "packet":
            number = max(0, highest + value)
            highest = max(highest, number)
            mapped = rewrite.map(number, number * 10, number)
            if mapped is None:
                continue
            index, ts = mapped
            assert index >= first_seq
            assert given.setdefault(index, (source, number, ts)) == (source, number, ts)
            assert rewrite.find(index & 0xFFFF) in ((number, index), None)
        else:
            if step == "other":
                source, highest = source + 1, 5000
            highest = max(0, highest + value)
            before = max(given, default=first_seq - 1)
            rewrite.start(highest, highest * 10, same_source=step == "same", now_us=highest)
            index, ts = rewrite.map(highest, highest * 10, highest)
            assert index == before + 1  # no gap, and above all that were given
            given[index] = (source, highest, ts)


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=60), st.integers(0, 0x7FFF))
def test_find_undoes_map(numbers, first_seq):
    rewrite = Rewrite(first_seq, 0)
    rewrite.start(0, 0)
    for number in numbers:
        index, _ = rewrite.map(number, 0)
        assert rewrite.find(index & 0xFFFF) == (number, index)


def test_an_aligned_offset_counts_unless_it_would_go_back():
    rewrite = started()
    _, before = rewrite.map(5000, 90_000)
    rewrite.start_aligned(9, 1000, before + 3000 - 1000)
    assert rewrite.map(9, 1000) == (101, before + 3000)
    rewrite.start_aligned(70, 4000, before - 4000)
    assert rewrite.map(70, 4000) == (102, before + 3001)
