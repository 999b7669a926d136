"""The benchmark of people who come one after the other lets them come, and counts their offers."""

from benchmarks.joining import run


def test_everybody_receives_everybody_and_few_offers_are_made() -> None:
    with_empty_sections, with_offers = run(4, maps=True), run(4, maps=False)
    assert with_empty_sections["offers"] == 6
    assert with_offers["offers"] == 10
    assert with_empty_sections["event_loop_s"] > 0


def test_the_longest_turn_of_the_loop_is_told() -> None:
    found = run(2, maps=True, watched=True)
    assert found["longest_turn_ms"] > 0
