"""media/rate: half a second of bytes, against all of them kept."""

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.rate import BUCKET_US, BUCKETS, Rate


def slow_bps(added: list[tuple[int, int]], now_us: int) -> int:
    first = (now_us // BUCKET_US - BUCKETS + 1) * BUCKET_US
    size = sum(size for at, size in added if at >= first)
    return size * 8_000_000 // (now_us + 1 - first)


def test_a_steady_stream() -> None:
    rate = Rate()
    for ms in range(0, 2000, 10):
        rate.add(1250, ms * 1000)
    assert abs(rate.bps(1_990_000) - 1_000_000) < 25_000


def test_silence_is_nothing_after_the_window() -> None:
    rate = Rate()
    rate.add(1000, 0)
    assert rate.bps(BUCKETS * BUCKET_US - 1) > 0
    assert rate.bps(BUCKETS * BUCKET_US) == 0


def test_a_day_of_silence() -> None:
    rate = Rate()
    rate.add(1000, 0)
    rate.add(500, 86_400_000_000)
    assert rate.bps(86_400_000_000) == 500 * 8_000_000 // ((BUCKETS - 1) * BUCKET_US + 1)


@given(st.lists(st.tuples(st.integers(0, 700_000), st.integers(0, 65_535)), max_size=60))
def test_as_the_slow_reading(steps: list[tuple[int, int]]) -> None:
    rate, now, added = Rate(), 0, []
    for apart, size in steps:
        now += apart
        rate.add(size, now)
        added.append((now, size))
        assert rate.bps(now) == slow_bps(added, now)
    assert rate.bps(now + 300_000) == slow_bps(added, now + 300_000)
