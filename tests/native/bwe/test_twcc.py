"""bwe/twcc, read back by a slow decoder written from the draft
(draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1)."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.twcc import WINDOW, Twcc

TICK_US = 250


def symbols_of(chunk):
    if chunk >> 15 == 0:  # run length (3.1.3)
        return [chunk >> 13 & 3] * (chunk & 0x1FFF)
    if chunk >> 14 & 1 == 0:  # one-bit vector (3.1.4)
        return [chunk >> i & 1 for i in range(13, -1, -1)]
    return [chunk >> i & 3 for i in range(12, -1, -2)]  # two-bit vector


def decode(packet, ssrcs=(1, 2)):
    """(base, [arrival in ticks or None], feedback count, number of chunks)."""
    first, kind, length, sender, media, base, count = struct.unpack_from("!BBHIIHH", packet)
    assert (first, kind, length) == (0x8F, 205, len(packet) // 4 - 1)
    assert len(packet) % 4 == 0
    assert ssrcs is None or (sender, media) == ssrcs
    reference = int.from_bytes(packet[16:19], "big", signed=True)
    at, symbols, chunks = 20, [], 0
    while len(symbols) < count:
        symbols += symbols_of(struct.unpack_from("!H", packet, at)[0])
        at, chunks = at + 2, chunks + 1
    assert not any(symbols[count:])
    ticks, arrivals = reference * 256, []
    for symbol in symbols[:count]:
        assert symbol != 3
        if symbol:
            ticks += struct.unpack_from("!B" if symbol == 1 else "!h", packet, at)[0]
            at += symbol
        arrivals.append(ticks if symbol else None)
    assert len(packet) - at < 4
    assert not any(packet[at:])
    return base, arrivals, packet[19], chunks


def fed(*packets):
    twcc = Twcc()
    for seq, arrival_us in packets:
        twcc.packet(seq & 0xFFFF, arrival_us)
    return twcc


def told(twcc, capacity=1200):
    """Everything there is to tell, as (number, ticks) of the wire."""
    found = []
    while (packet := twcc.write(capacity)) is not None:
        assert len(packet) <= capacity
        base, arrivals, _, _ = decode(packet)
        found += [((base + i) & 0xFFFF, ticks) for i, ticks in enumerate(arrivals)]
    return found


def test_nothing_came_nothing_is_told():
    twcc = Twcc()
    assert twcc.write() is None
    twcc.packet(1, 1000)
    assert twcc.write() is not None
    assert twcc.write() is None


def test_the_draft_layout_of_a_small_packet():
    packet = fed((5, 64_000), (6, 64_500), (8, 65_000)).write(1200, 1, 2)
    # base 5, 4 numbers, 64 ms, first packet; received, received, lost, received; three deltas
    tail = "0005 0004 000001 00 b400 00 02 02 000000"
    assert packet == bytes.fromhex("8fcd0006 00000001 00000002 " + tail)


def test_losses_between_two_feedbacks_are_told():
    twcc = fed((1, 0))
    told(twcc)
    twcc.packet(4, 1000)
    assert told(twcc) == [(2, None), (3, None), (4, 4)]


def test_reordering_has_negative_deltas():
    twcc = fed((1, 10_000), (3, 11_000), (2, 12_000))
    assert told(twcc) == [(1, 40), (2, 48), (3, 44)]


def test_a_duplicate_counts_when_it_came_first():
    twcc = fed((1, 10_000), (1, 20_000))
    assert told(twcc) == [(1, 40)]
    twcc.packet(1, 30_000)
    assert told(twcc) == []


def test_a_packet_reported_lost_is_told_again():
    twcc = fed((1, 0), (3, 1000))
    told(twcc)
    twcc.packet(2, 2000)
    assert told(twcc) == [(2, 8), (3, 4)]


def test_a_packet_before_the_first_one_is_told():
    assert told(fed((0, 1000), (0xFFFF, 1250))) == [(0xFFFF, 5), (0, 4)]


def test_numbers_wrap():
    packets = [(n, n * 1000) for n in range(0xFFF0, 0x10010)]
    assert told(fed(*packets)) == [(n & 0xFFFF, n * 4) for n, _ in packets]


@pytest.mark.parametrize("day", [0, 12, 13, 6.2, 400])
def test_the_reference_time_wraps(day):
    """24 bits of 64 ms are 12.4 days."""
    start_us = int(day * 86_400) * 1_000_000
    twcc = fed((7, start_us), (8, start_us + 250))
    wrap = 1 << 32
    ticks = [ticks % wrap for _, ticks in told(twcc)]
    assert ticks == [start_us // TICK_US % wrap, (start_us // TICK_US + 1) % wrap]


def test_a_pause_longer_than_a_delta_starts_a_new_packet():
    twcc = fed((1, 0), (2, 9_000_000), (3, 9_000_250))
    assert decode(twcc.write())[:2] == (1, [0])
    assert decode(twcc.write())[:2] == (2, [36_000, 36_001])
    assert twcc.write() is None


@pytest.mark.parametrize("delta", [255, 256, 0x7FFF])
def test_the_limits_of_a_delta(delta):
    twcc = fed((1, 0), (2, delta * TICK_US))
    assert decode(twcc.write())[1] == [0, delta]


def test_one_beyond_the_largest_delta():
    twcc = fed((1, 0), (2, 0x8000 * TICK_US))
    assert decode(twcc.write())[1] == [0]


@pytest.mark.parametrize(("delta", "numbers"), [(0x8000, 2), (0x8001, 1)])
def test_the_most_negative_delta(delta, numbers):
    start = 0x10000 * TICK_US
    twcc = fed((1, start), (3, start), (2, start - delta * TICK_US))
    assert len(decode(twcc.write())[1]) == numbers


def test_a_gap_beyond_the_window_forgets_what_lies_before():
    found = told(fed((1, 0), (2, 0), (20_000, 1000)))
    assert len(found) == WINDOW
    assert found[-1] == (20_000, 4)
    assert not any(ticks for _, ticks in found[:-1])


def test_a_place_used_before_is_empty_for_a_lost_number():
    twcc, found = fed((0, 0)), {}
    for number in range(1, 4 * WINDOW):
        if number % 7:
            twcc.packet(number, number * 250)
        if number % 100 == 0:
            found |= dict(told(twcc))
    expected = {n: n if n % 7 or not n else None for n in found}
    assert found == expected
    assert len(found) > 4 * WINDOW - 100


@pytest.mark.parametrize("ticks", [(1, 300), (300, 1), (300,), (1,), (1, 300, 300)])
@pytest.mark.parametrize("gap", [1, 2])
def test_no_feedback_is_longer_than_its_capacity(ticks, gap):
    for capacity in range(64, 140):
        twcc, now = Twcc(), 0
        for i in range(100):
            now += ticks[i % len(ticks)] * TICK_US
            twcc.packet(i * gap, now)
        assert len([n for n, tick in told(twcc, capacity) if tick is not None]) == 100


def test_a_run_is_one_chunk():
    twcc = fed(*((n, n * 250) for n in range(1000)))
    _, arrivals, _, chunks = decode(twcc.write(1500))
    assert (len(arrivals), chunks) == (1000, 1)


def test_the_feedback_count_goes_up_and_wraps():
    twcc = Twcc()
    for i in range(300):
        twcc.packet(i, i * 1000)
        assert decode(twcc.write())[2] == i & 0xFF


def test_unreported_counts_until_all_is_told():
    twcc = fed((1, 0), (2, 0))
    assert twcc.unreported == 2
    told(twcc)
    assert twcc.unreported == 0


class SlowTwcc:
    """What must be told, kept in a dict of extended numbers."""

    def __init__(self):
        self.arrivals, self.first, self.highest = {}, None, None

    def packet(self, number, arrival_us):
        if self.first is None:
            self.first = self.highest = number
        if number <= self.highest - WINDOW or number in self.arrivals:
            return
        self.highest = max(self.highest, number)
        self.first = max(min(self.first, number), self.highest - WINDOW + 1)
        self.arrivals[number] = arrival_us

    def check(self, packet, count):
        """One feedback packet tells the truth about the next numbers."""
        if self.first is None or self.first > self.highest:
            assert packet is None
            return False
        base, ticks, number, chunks = decode(packet)
        assert (base, number) == (self.first & 0xFFFF, count & 0xFF)
        assert 1 <= len(ticks) <= self.highest - self.first + 1
        assert chunks <= -(-len(ticks) // 7)
        for i, tick in enumerate(ticks):
            arrival = self.arrivals.get(self.first + i)
            assert tick == (None if arrival is None else arrival // TICK_US)
        self.first += len(ticks)
        return True


jumps = st.one_of(
    st.integers(1, 1), st.integers(1, 4), st.integers(-30, 60), st.integers(-1500, 32_000)
)
waits = st.one_of(st.integers(0, 3000), st.integers(0, 100_000), st.integers(0, 9_000_000))


@given(
    st.integers(0x20000, 0x2FFFF),
    st.lists(st.tuples(jumps, waits, st.integers(0, 9)), max_size=200),
    st.integers(64, 1300),
)
def test_round_trip_with_loss_reordering_gaps_and_wrap(start, life, capacity):
    twcc, slow, now, count = Twcc(), SlowTwcc(), 0, 0
    for jump, wait_us, write in life:
        now += wait_us
        number = start if slow.highest is None else slow.highest + jump
        slow.packet(number, now)
        twcc.packet(number & 0xFFFF, now)
        while write == 0:
            packet = twcc.write(capacity)
            assert packet is None or len(packet) <= capacity
            if not slow.check(packet, count):
                break
            count += 1


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 200_000)), min_size=1, max_size=400))
def test_small_capacities_still_tell_all(life):
    number, now, twcc, sent = 0, 0, Twcc(), {}
    for jump, wait_us in life:
        number, now = number + jump, now + wait_us
        twcc.packet(number, now)
        sent[number] = now // TICK_US
    found = {n: ticks for n, ticks in told(twcc, 64) if ticks is not None}
    assert found == {n: ticks for n, ticks in sent.items() if n > number - WINDOW}
