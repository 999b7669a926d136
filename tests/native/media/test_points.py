"""media/points: what an encoding costs with fewer of its layers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.rate import LAYERS, WHOLE, Points

ALL = 255
STEP_US = 100_000

Sizes = dict[tuple[int, int], int]


def sent(points: Points, sizes: Sizes, now_us: int, *, layered: bool = True) -> None:
    for (spatial, temporal), size in sizes.items():
        points.add(spatial, temporal, size, now_us)
    points.measure(layered, now_us)


def slow_points(sizes: Sizes) -> list[tuple[int, int, int]]:
    """By what each point leaves out."""
    top_spatial = max(spatial for spatial, _ in sizes)
    top_temporal = max(temporal for _, temporal in sizes)
    lowest = 0 if top_spatial else ALL
    places = [(lowest, temporal) for temporal in range(top_temporal)]
    places += [(spatial, ALL) for spatial in range(top_spatial)] + [(ALL, ALL)]
    whole = sum(sizes.values())
    return [
        (spatial, temporal, WHOLE * sum(
            size for (s, t), size in sizes.items() if s <= spatial and t <= temporal) // whole)
        for spatial, temporal in places
    ]  # fmt: skip


layers = st.integers(0, LAYERS - 1)


@given(st.dictionaries(st.tuples(layers, layers), st.integers(1000, 60_000), min_size=1))
def test_each_point_costs_what_its_layers_cost(sizes: Sizes) -> None:
    points = Points()
    sent(points, sizes, 0)
    for (spatial, temporal, share), (s, t, expected) in zip(
        points.of, slow_points(sizes), strict=True
    ):
        assert (spatial, temporal) == (s, t)
        assert share == pytest.approx(expected, abs=1)


def test_in_k_svc_an_upper_layer_costs_nothing_of_the_lower_ones() -> None:
    points = Points()
    for i in range(60):
        points.add(0, 0, 2000, i * STEP_US, alone=True)
        points.add(1, 0, 4000, i * STEP_US, alone=True)
        points.add(2, 0, 8000, i * STEP_US)
        points.measure(True, i * STEP_US + STEP_US // 2)
    assert [place[:2] for place in points.of] == [(0, ALL), (1, ALL), (ALL, ALL)]
    shares = [share / WHOLE for *_, share in points.of]
    assert shares == pytest.approx([0.25, 0.5, 1], abs=0.01)
    assert points.bps == pytest.approx(8 * 8000 * 10, rel=0.1)


@pytest.mark.parametrize(
    ("heights", "most_height", "most_layer", "most"),
    [
        ([180, 360, 720], 0, ALL, ALL),
        ([180, 360, 720], 720, ALL, ALL),
        ([180, 360, 720], 719, ALL, 1),
        ([180, 360, 720], 100, ALL, 0),
        ([180, 360, 720], 0, 1, 1),
        ([360], 180, ALL, ALL),  # there is no smaller one
        ([], 180, 0, ALL),  # nobody knows
    ],
)
def test_who_wants_no_more_gets_no_more(
    heights: list[int], most_height: int, most_layer: int, most: int
) -> None:
    assert Points().most(heights, most_height, most_layer) == most


def test_one_that_has_no_layers_has_no_points() -> None:
    points = Points()
    for i in range(100):
        sent(points, {(0, 0): 12_500}, i * STEP_US, layered=False)
    assert points.of == []
    assert points.bps == pytest.approx(1_000_000, rel=0.15)


def test_a_keyframe_changes_shares_little_and_a_rest_nothing() -> None:
    points = Points()
    usual = {(0, 0): 4000, (0, 1): 2000, (0, 2): 4000}
    for i in range(50):
        sent(points, usual, i * STEP_US)
    before = points.of
    assert [share for *_, share in before] == [WHOLE * 4 // 10, WHOLE * 6 // 10, WHOLE]
    sent(points, {**usual, (0, 0): 30_000}, 50 * STEP_US)
    assert points.of[0][2] < before[0][2] * 1.1
    kept = points.of
    points.measure(True, 60 * STEP_US)
    assert points.of == kept


def test_a_layer_that_ends_is_no_point_any_more() -> None:
    points = Points()
    sent(points, {(0, 0): 4000, (0, 1): 2000}, 0)
    assert [place[:2] for place in points.of] == [(ALL, 0), (ALL, ALL)]
    for i in range(1, 7):
        sent(points, {(0, 0): 4000}, i * STEP_US)
    assert points.of == [(ALL, ALL, WHOLE)]


@pytest.mark.parametrize("slow", [False, True])
def test_a_keyframe_that_somebody_asked_for_hardly_raises_what_a_slow_encoding_costs(
    slow: bool,
) -> None:
    """20 kB a second in one picture, and then a keyframe of 80."""
    points, costs = Points(), []
    for i in range(300):
        now_us = i * STEP_US
        if i % 10 == 0:
            points.add(0, 0, 20_000, now_us)
        if i == 200:
            points.add_keyframe(80_000, now_us)
        points.measure(False, now_us + STEP_US // 2, slow)
        costs.append(points.bps)
    before, after = costs[100:200], costs[200:220]
    assert sum(before) / 100 == pytest.approx(160_000, rel=0.15)
    assert (max(before) < 1.25 * 160_000) == slow
    assert (max(after) < 1.7 * 160_000) == slow


def test_a_slow_encoding_costs_at_once_what_it_has_shown() -> None:
    points = Points()
    for i in range(20):
        points.add(0, 0, 4000, i * STEP_US)
        points.measure(False, i * STEP_US + STEP_US // 2, True)
    assert points.bps == pytest.approx(320_000, rel=0.2)


def test_what_becomes_slow_costs_what_it_cost() -> None:
    points = Points()
    for i in range(100):
        points.add(0, 0, 4000, i * STEP_US)
        points.measure(False, i * STEP_US + STEP_US // 2, i >= 80)
        assert i < 20 or points.bps == pytest.approx(320_000, rel=0.2)
