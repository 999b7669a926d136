"""Simulcast whose sender leaves one of its encodings out."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from tests.scenarios.call import Call, call
from tests.scenarios.ladder import HEIGHTS, check_line, rungs, watched_ladder


def layers(run: Call, handles: Sequence[int]) -> list[int]:
    """What the snapshot says of each: which of its ladder it is."""
    rows = {int(row["handle"]): int(row["layer"]) for row in run.world.snapshot()}
    return [rows[handle] for handle in handles]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("silent", range(3))
def test_one_that_never_comes_is_not_in_the_way_of_the_others(
    order: tuple[int, ...], silent: int
) -> None:
    with call() as run:
        film = watched_ladder(run, order=order)
        film.encodings[silent].on = False
        small, large = (rung for rung in range(3) if rung != silent)
        run.run(3)
        assert rungs(film.viewer)[-1] == large
        by_height = layers(run, [film.handles[small], film.handles[large]])
        assert by_height == sorted(by_height)
        assert sorted(layers(run, film.handles)) == [0, 1, 2]
        run.world.prefer(film.outbound, most_height=HEIGHTS[small])
        run.run(1)
        assert rungs(film.viewer)[-1] == small
        check_line(film.viewer)
