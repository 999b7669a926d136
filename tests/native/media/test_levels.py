"""media/levels: smoothing and reports of RFC 6464 audio levels."""

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.levels import Level

PACKET_US = 20_000


def feed(level, values, start_us=0):
    """[(time, report)] of packets 20 ms apart; `values` in -dBov."""
    reports = []
    for i, value in enumerate(values):
        report = level.packet(value, start_us + i * PACKET_US)
        if report is not None:
            reports.append((start_us + i * PACKET_US, report))
    return reports


def test_digital_silence_reports_nothing():
    assert feed(Level(), [127] * 500) == []


def test_a_noisy_idle_room_reports_nothing():
    assert feed(Level(), [60, 68, 72, 64, 75, 61] * 200) == []


def test_a_speaker_shows_within_100_ms_and_comes_near_the_true_level():
    reports = feed(Level(), [30] * 50)
    assert reports[0][0] <= 100_000
    assert abs(reports[-1][1] - 97) <= 4


def test_a_steady_tone_is_reported_until_it_is_reached_and_no_more():
    level = Level()
    feed(level, [30] * 50)
    assert feed(level, [30, 31, 29, 30] * 200, 10**7) == []


def test_the_voice_bit_is_ignored():
    assert feed(Level(), [30] * 50) == feed(Level(), [0x80 | 30] * 50)


def test_silence_after_speech_ends_in_a_report_of_0():
    level = Level()
    feed(level, [20] * 50)
    assert feed(level, [127] * 100, 10**7)[-1][1] == 0


def test_a_gap_between_words_does_not_silence_the_speaker():
    level = Level()
    feed(level, [25] * 50)
    assert all(report > 0 for _, report in feed(level, [110] * 3 + [25] * 10, 10**7))


def test_a_paused_stream_falls_silent_once():
    level = Level()
    assert level.silence() is None
    feed(level, [20] * 50)
    assert level.silence() == 0
    assert level.silence() is None


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 60_000)), max_size=300))
def test_reports_are_in_range_apart_in_time_and_differ(packets):
    level, now, last = Level(), 0, (-(10**9), 0)
    for value, wait_us in packets:
        now += wait_us
        report = level.packet(value, now)
        if report is not None:
            assert 0 <= report <= 127
            assert now - last[0] >= 100_000
            assert abs(report - last[1]) >= 4
            last = (now, report)
