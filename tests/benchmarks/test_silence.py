"""The benchmark of a room in which few speak plays what it says."""

import pytest

from benchmarks.silence import FORWARD, run

pytestmark = pytest.mark.slow  # a server with one core, timed, which other tests use as well


def test_of_a_hall_the_speakers_arrive_whole_and_the_rest_ends_at_the_server() -> None:
    found = run(people=FORWARD + 4, speaking=2, seconds=1.0, repetitions=1, apart=False)
    assert found["packets_silenced"] > 0
    for case in ("voices", "hall"):
        assert found[case]["gaps"] == 0
        assert found[case]["starved_receivers"] == 0
    most = found["voices"]["packets_per_second"] + FORWARD * 3 * (FORWARD + 3)
    assert found["hall"]["packets_per_second"] < most
