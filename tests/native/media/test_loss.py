"""media/loss: what is asked for, when, and when no more (RFC 4585 section 6.2.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.loss import (
    CAPACITY,
    DUPLICATE_OR_OLD,
    GAP,
    HOPELESS,
    IN_ORDER,
    RECOVERED,
    Loss,
)

GRACE_US = 5_000
RTT_US = 60_000
NEVER = (1 << 63) - 1
LATE_US = 10_000  # that the answer may be late, before it is asked for again


def with_gap(*numbers, now_us=0):
    loss = Loss()
    for number in numbers:
        loss.packet(number, now_us)
    return loss


def test_in_order_packets_miss_nothing():
    loss = Loss()
    assert [loss.packet(n) for n in (70_000, 70_001, 70_002)] == [IN_ORDER] * 3
    assert loss.due(10**9) == ([], False)


def test_a_gap_is_asked_for_after_the_grace_only():
    loss = Loss()
    loss.packet(10, 0)
    assert loss.packet(12, 1000) == GAP
    assert loss.due(1000 + GRACE_US - 1) == ([], False)
    assert loss.due(1000 + GRACE_US) == ([11], False)


def test_however_many_later_ones_come_meanwhile():
    loss = with_gap(10, *range(12, 40))
    assert loss.due(GRACE_US - 1) == ([], False)
    assert loss.due(GRACE_US) == ([11], False)


def test_a_reordered_packet_is_not_asked_for():
    loss = with_gap(10, 12)
    assert loss.packet(11, 100) == RECOVERED
    assert loss.late_us == 0
    assert loss.due(10**9) == ([], False)


def test_duplicates_and_numbers_from_before_the_first_are_named_so():
    loss = with_gap(10, 12, 11)
    assert [loss.packet(n) for n in (12, 11, 10, 9)] == [DUPLICATE_OR_OLD] * 4


def test_asks_again_when_the_answer_is_late():
    loss = with_gap(10, 12)
    assert loss.due(5_000, RTT_US)[0] == [11]
    assert loss.due(5_000 + RTT_US + LATE_US - 1, RTT_US)[0] == []
    assert loss.due(5_000 + RTT_US + LATE_US, RTT_US)[0] == [11]


def test_how_long_an_answer_takes_is_known_if_it_was_asked_for_once():
    loss = with_gap(10, 13)
    assert loss.answer(11, 3_000) == 0  # it was late, and comes by itself
    assert loss.due(GRACE_US, RTT_US)[0] == [11, 12]
    assert loss.answer(11, GRACE_US + 61_000) == 61_000
    loss.due(GRACE_US + RTT_US + LATE_US, RTT_US)
    assert loss.answer(12, GRACE_US + 61_000) == 0
    assert loss.answer(10, GRACE_US + 61_000) == 0  # never missing
    loss.packet(12, 80_000)
    assert loss.late_us == 80_000


@pytest.mark.parametrize(("rtt_us", "asks"), [(150_000, 3), (450_000, 5)])
def test_a_way_that_becomes_longer_is_known_to_be(rtt_us, asks):
    """From 30 ms: each number is asked for more than once before its answer can come."""
    loss = with_gap(10, 12)
    asked = [
        now for now in range(0, GRACE_US + rtt_us, 1000) if loss.due(now, 30_000) != ([], False)
    ]
    assert len(asked) == asks
    assert loss.answer(11, GRACE_US + rtt_us, 30_000) == rtt_us


def test_what_comes_too_soon_after_the_second_ask_answers_the_first():
    loss = with_gap(10, 12)
    loss.due(GRACE_US, 30_000)
    loss.due(GRACE_US + 40_000, 30_000)
    assert loss.answer(11, GRACE_US + 50_000, 30_000) == 50_000
    assert loss.answer(11, GRACE_US + 75_000, 30_000) == 0


@pytest.mark.parametrize(
    ("rtt_us", "interval_us"), [(0, 100_000), (300, 20_000), (10**7, 500_000), (-1, 100_000)]
)
def test_unknown_tiny_and_huge_round_trips_are_bounded(rtt_us, interval_us):
    loss = with_gap(10, 12)
    assert loss.due(5_000, rtt_us)[0] == [11]
    assert loss.due(5_000 + interval_us - 1, rtt_us)[0] == []
    assert loss.due(5_000 + interval_us, rtt_us)[0] == [11]


def test_ten_asks_then_given_up_once():
    loss = with_gap(10, 12)
    now_us, asks = GRACE_US, 0
    while True:
        seqs, gave_up = loss.due(now_us, 1)
        now_us += 20_000
        if gave_up:
            break
        asks += len(seqs)
    assert (asks, seqs, loss.given_up, loss.missing) == (10, [], 1, [])
    assert loss.due(now_us, 1) == ([], False)
    assert loss.packet(11, now_us) == DUPLICATE_OR_OLD


def test_what_is_given_up_leaves_the_others_in_their_order():
    loss = with_gap(10, 12)
    for at in range(GRACE_US, 640_000, 20_000):
        loss.due(at, 1)
    loss.packet(14, 700_000)
    loss.packet(16, 700_000 + GRACE_US)
    assert loss.due(700_000 + GRACE_US, 1) == ([13], True)
    assert loss.missing == [13, 15]
    assert loss.due(700_000 + 2 * GRACE_US, 1) == ([15], False)


def test_on_a_slow_path_time_runs_out_before_the_asks():
    loss = with_gap(10, 12)
    asked = [loss.due(at, 500_000) for at in (5_000, 505_000, 1_005_000)]
    assert asked == [([11], False), ([11], False), ([], True)]


def test_a_number_never_asked_for_is_asked_once_however_late():
    loss = with_gap(10, 12)
    assert loss.due(10**8) == ([11], False)


def test_too_wide_a_gap_gives_everything_up():
    loss = with_gap(10, 12)
    assert loss.packet(12 + CAPACITY + 1) == HOPELESS
    assert loss.missing == []
    assert loss.given_up == CAPACITY + 1
    assert loss.packet(12 + CAPACITY + 2) == IN_ORDER
    assert loss.packet(13) == DUPLICATE_OR_OLD


def test_the_widest_gap_that_fits():
    loss = with_gap(10)
    assert loss.packet(10 + CAPACITY + 1) == GAP
    assert len(loss.missing) == CAPACITY
    assert loss.packet(10 + CAPACITY + 2) == IN_ORDER
    assert loss.packet(10 + CAPACITY + 4) == HOPELESS


def test_no_more_than_asked_for_and_the_rest_next_time():
    loss = with_gap(10, 50)
    first, _ = loss.due(GRACE_US, RTT_US, 16)
    second, _ = loss.due(GRACE_US, RTT_US, 64)
    assert first == list(range(11, 27))
    assert second == list(range(27, 50))


def test_numbers_on_the_wire_wrap():
    loss = with_gap(0x1FFFE, 0x20001)
    assert loss.due(GRACE_US)[0] == [0xFFFF, 0]


class SlowLoss:
    """The verdicts and the asks, without any cleverness."""

    def __init__(self):
        self.highest, self.missing, self.given_up = -1, {}, 0

    def packet(self, number, now):
        if self.highest < 0:
            self.highest = number
            return IN_ORDER
        if number <= self.highest:
            return RECOVERED if self.missing.pop(number, None) else DUPLICATE_OR_OLD
        gap = range(self.highest + 1, number)
        self.highest = number
        if len(gap) + len(self.missing) > CAPACITY:
            self.given_up += len(gap) + len(self.missing)
            self.missing = {}
            return HOPELESS
        self.missing |= {n: [now + GRACE_US, now, 0] for n in gap}
        return GAP if gap else IN_ORDER

    def due(self, now, rtt):
        asked, gone = [], []
        for n, one in sorted(self.missing.items()):
            if one[0] > now:
                continue
            if one[2] >= 10 or (one[2] and now - one[1] >= 1_000_000):
                gone.append(n)
                continue
            asked.append(n & 0xFFFF)
            wait = max(rtt + LATE_US if rtt > 0 else 100_000, 20_000)
            one[0], one[2] = now + min(min(wait, 500_000) << min(one[2], 2), 500_000), one[2] + 1
        for n in gone:
            del self.missing[n]
        self.given_up += len(gone)
        return asked, bool(gone)


steps = st.tuples(
    st.one_of(st.just(1), st.just(1), st.integers(-20, 12), st.integers(-300, 300)),
    st.integers(0, 30_000),
    st.sampled_from([0, 1000, 60_000, 900_000]),
    st.booleans(),
)


@given(st.integers(0, 1 << 33), st.lists(steps, max_size=150))
def test_agrees_with_the_slow_reference(first, life):
    loss, slow, now, number = Loss(), SlowLoss(), 0, first
    for step, wait_us, rtt_us, ask in life:
        now += wait_us
        number = max(0, max(number, slow.highest) + step)
        assert loss.packet(number, now) == slow.packet(number, now)
        soonest = min((one[0] for one in slow.missing.values()), default=NEVER)
        assert loss.due_us <= soonest
        if ask:
            assert loss.due(now, rtt_us) == slow.due(now, rtt_us)
            assert loss.due_us == min((one[0] for one in slow.missing.values()), default=NEVER)
        assert loss.missing == sorted(slow.missing)
        assert loss.given_up == slow.given_up


@given(st.lists(steps, max_size=150))
def test_a_number_is_new_at_most_once(life):
    """What rewrite's index, and with it SRTP's nonce, stands on."""
    loss, now, highest, new = Loss(), 0, 1000, set()
    for step, wait_us, rtt_us, ask in life:
        now += wait_us
        number = max(0, highest + step)
        highest = max(highest, number)
        if loss.packet(number, now) != DUPLICATE_OR_OLD:
            assert number not in new
            new.add(number)
        if ask:
            loss.due(now, rtt_us)
