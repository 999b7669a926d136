"""media/reception against RFC 3550's own sums (section 6.4.1, appendices A.3 and A.8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.reception import Reception

SSRC = 0xDECAFBAD
SECOND = 1_000_000
DAYS = 86_400 * SECOND


def receive(*numbers, clock_rate=90_000):
    reception = Reception(SSRC, clock_rate)
    for number in numbers:
        reception.packet(number, number * 3000 & 0xFFFFFFFF, number * 33_333)
    return reception


def test_no_packet_no_loss():
    block = Reception(SSRC, 90_000).report(0)
    assert block == dict.fromkeys(
        ("fraction_lost", "lost", "highest_seq", "jitter", "lsr", "dlsr"), 0
    ) | {"ssrc": SSRC}


def test_expected_counts_from_the_first_packet():
    reception = receive(70_000, 70_001, 70_004)
    assert reception.lost == 2
    block = reception.report(0)
    assert (block["lost"], block["highest_seq"]) == (2, 70_004)
    assert block["fraction_lost"] == 2 * 256 // 5


def test_each_report_starts_a_new_interval():
    reception = receive(0, 1, 3)
    assert reception.report(0)["fraction_lost"] == 64
    for number in (4, 5):
        reception.packet(number, 0, 0)
    block = reception.report(0)
    assert (block["fraction_lost"], block["lost"]) == (0, 1)


def test_recovered_packets_lower_the_loss():
    reception = receive(0, 1, 3)
    reception.report(0)
    reception.packet(2, 6000, 200_000)
    block = reception.report(0)
    assert (block["fraction_lost"], block["lost"], reception.lost) == (0, 0, 0)


def test_packets_from_before_the_first_make_the_loss_negative():
    reception = receive(10, 9, 8)
    assert reception.lost == -2
    assert reception.report(0)["lost"] == -2


def test_everything_lost_but_one():
    reception = receive(0)
    reception.report(0)
    reception.packet(100_000, 0, 0)
    assert reception.report(0)["fraction_lost"] == 255


def test_the_cumulative_loss_stays_in_24_bits():
    reception = receive(0, 1 << 24)
    assert reception.report(0)["lost"] == 0x7FFFFF


def test_the_highest_number_keeps_its_cycles_modulo_32_bits():
    assert receive((3 << 32) + 5).report(0)["highest_seq"] == 5


def test_an_even_stream_has_no_jitter_but_the_clock_s_rounding():
    assert receive(*range(200)).report(0)["jitter"] <= 1


def test_a_late_packet_does_not_count_as_jitter():
    reception = receive(*range(50))
    before = reception.jitter_q4
    reception.packet(10, 10 * 3000, 60 * 33_333)
    assert reception.jitter_q4 == before


def test_a_new_timeline_is_no_jitter():
    reception = receive(*range(50))
    before = reception.jitter_q4
    reception.packet(50, 0x8000_0000, 50 * 33_333)
    assert reception.jitter_q4 == before


def slow_jitter(packets, clock_rate):
    """RFC 3550 A.8, the integer version, over packets (ts, arrival_us)."""
    jitter, last = 0, None
    for ts, arrival_us in packets:
        transit = (arrival_us * clock_rate // SECOND - ts) & 0xFFFFFFFF
        if last is not None:
            distance = (transit - last + 0x80000000) % (1 << 32) - 0x80000000
            if abs(distance) < 5 * clock_rate:
                jitter += abs(distance) - ((jitter + 8) >> 4)
        last = transit
    return jitter


@given(
    st.sampled_from([8_000, 48_000, 90_000]),
    st.integers(0, 1000 * DAYS),
    st.integers(0, 0xFFFFFFFF),
    st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 50_000)), max_size=80),
)
def test_jitter_agrees_with_the_rfc(clock_rate, start_us, start_ts, steps):
    reception, packets = Reception(SSRC, clock_rate), []
    now, ts = start_us, start_ts
    for number, (wait_us, ticks) in enumerate(steps):
        now, ts = now + wait_us, (ts + ticks) & 0xFFFFFFFF
        packets.append((ts, now))
        reception.packet(number, ts, now)
    assert reception.jitter_q4 == slow_jitter(packets, clock_rate)
    assert reception.report(now)["jitter"] == slow_jitter(packets, clock_rate) >> 4


@given(st.lists(st.tuples(st.integers(-50, 50), st.booleans()), max_size=120))
def test_loss_agrees_with_the_rfc(steps):
    reception, seen, base, highest, prior = Reception(SSRC, 90_000), set(), None, 1000, (0, 0)
    for step, report in steps:
        number = highest + step
        if number not in seen:
            seen.add(number)
            base = number if base is None else base
            highest = number if len(seen) == 1 else max(highest, number)
            reception.packet(number, 0, 0)
        expected = 0 if base is None else highest - base + 1
        assert reception.lost == expected - len(seen)
        if report:
            interval = expected - prior[0]
            lost = interval - (len(seen) - prior[1])
            fraction = 0 if interval <= 0 or lost <= 0 else min(255, (lost << 8) // interval)
            assert reception.report(0)["fraction_lost"] == fraction
            prior = (expected, len(seen))


def test_last_sender_report_and_the_delay_since():
    reception = receive(1)
    reception.sender_report(0x1111_2222_3333_4444, 0, 5 * SECOND)
    block = reception.report(5 * SECOND + 1_500_000)
    assert (block["lsr"], block["dlsr"]) == (0x2222_3333, 65536 * 3 // 2)


def test_there_is_no_sender_clock_before_a_sender_report():
    reception = receive(1)
    assert reception.sender_clock(SECOND) is None
    reception.sender_report(0, 0, 0)  # "no wallclock": section 6.4.1
    assert reception.sender_clock(SECOND) is None
    assert reception.report(SECOND)["dlsr"] == 0


def test_a_clock_that_seems_to_run_backwards_stands_still():
    reception = receive(1)
    reception.sender_report(1 << 32, 9, 5 * SECOND)
    assert reception.sender_clock(4 * SECOND) == (1 << 32, 9)
    assert reception.report(4 * SECOND)["dlsr"] == 0


@pytest.mark.parametrize("elapsed_us", [0, 1, 999_999, SECOND, 3 * DAYS + 1, 100 * DAYS])
@pytest.mark.parametrize("ntp", [1, 0xE000_0000_8000_0000, (1 << 64) - 1])
def test_the_sender_clock_runs_on(ntp, elapsed_us):
    reception = receive(1, clock_rate=48_000)
    reception.sender_report(ntp, 0xFFFF_FFFF, 77)
    found_ntp, found_ts = reception.sender_clock(77 + elapsed_us)
    assert found_ntp == (ntp + (elapsed_us << 32) // SECOND) % (1 << 64)
    assert found_ts == (0xFFFF_FFFF + elapsed_us * 48_000 // SECOND) % (1 << 32)


@given(
    st.integers(1, (1 << 64) - 1),
    st.integers(-DAYS, DAYS),
    st.tuples(st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1)),
)
def test_two_encodings_of_one_source_are_aligned_by_their_sender_s_clock(ntp, apart_us, clocks):
    one, other = Reception(SSRC, 90_000), Reception(SSRC, 90_000)
    apart = (apart_us << 32) // SECOND
    one.sender_report(ntp, clocks[0], 0)
    other.sender_report((ntp + apart) % (1 << 64) or 1, clocks[1], 9 * SECOND)
    behind = one.align(other)
    expected = clocks[0] + ((apart * 90_000) >> 32) - clocks[1]
    assert (behind - expected + 1) % (1 << 32) <= 2
    assert (one.align(other) + other.align(one) + 1) % (1 << 32) <= 2


def test_nothing_is_aligned_without_both_reports_or_a_day_apart():
    one, other = Reception(SSRC, 90_000), Reception(SSRC, 90_000)
    one.sender_report(1 << 40, 0, 0)
    assert one.align(other) is None
    assert other.align(one) is None
    other.sender_report((1 << 40) + (86_402 << 32), 0, 0)
    assert one.align(other) is None


def test_without_reports_or_with_absurd_ones_the_arrivals_say_it():
    one, other = receive(7), Reception(SSRC, 90_000)
    assert one.align(other) is None
    other.packet(3, 50_000, 7 * 33_333 + 1000)  # taken at the same time, as it seems
    assert abs(one.align(other) - (21_000 + 90 - 50_000) % (1 << 32)) <= 1
    one.sender_report(1 << 40, 21_000, 0)
    other.sender_report((1 << 40) + (5 << 32), 50_000, 0)
    assert abs(one.align(other) - (21_000 + 90 - 50_000) % (1 << 32)) <= 1
