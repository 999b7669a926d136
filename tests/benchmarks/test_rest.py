"""The benchmark of REST asks what it says, beside a call that loses nothing, and of many rooms."""

from benchmarks.rest import beside_a_call, of_many_rooms


def test_requests_are_answered_beside_a_call() -> None:
    found = beside_a_call(rate=50.0, seconds=1.0, repetitions=1)
    assert (found["loss"], found["gaps"]) == (0.0, 0)
    assert found["requests"].keys() == {200}
    assert found["requests"][200] >= 50
    assert found["p99_ratio"] > 0


def test_many_rooms_are_listed_and_got() -> None:
    found = of_many_rooms(100)
    assert all(0 < found[each]["p50"] <= found[each]["p99"] for each in ("list_ms", "get_ms"))
