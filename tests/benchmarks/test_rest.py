"""The benchmark of REST asks what it says, beside a call, and of many rooms."""

import pytest

from benchmarks.rest import MIX, beside_a_call, of_many_rooms

pytestmark = pytest.mark.slow  # each server has one core, which other tests use as well


def test_requests_are_answered_beside_a_call() -> None:
    found = beside_a_call(rate=50.0, seconds=1.0, repetitions=1, people=2, apart=False)
    assert found["loss"] < 0.1, "how much is the machine's business"
    assert found["requests"].keys() == {200}
    assert found["requests"][200] >= len(MIX)
    assert found["p99_ratio"] > 0
    assert found["p99_ratio_floor"] > 0


def test_many_rooms_are_listed_and_got() -> None:
    found = of_many_rooms(100)
    assert all(0 < found[each]["p50"] <= found[each]["p99"] for each in ("list_ms", "get_ms"))
