"""How large a picture with layers is wanted: more is told at once, less when it stays so."""

import asyncio

from fastsfu.heights import LEAST_HEIGHT, LESS_AFTER, Heights
from tests.support.virtual_time import virtually


class Told:
    def __init__(self) -> None:
        self.heights = Heights(lambda: self.told.append(self.heights.told))
        self.told: list[int | None] = []


@virtually
async def test_the_largest_counts_and_less_is_told_when_it_stays_so() -> None:
    one = Told()
    one.heights.want("ada", 360)
    one.heights.want("bob", 180)
    await asyncio.sleep(LESS_AFTER - 0.1)
    assert one.told == []
    await asyncio.sleep(0.2)
    assert one.told == [360]
    one.heights.drop("ada")
    await asyncio.sleep(LESS_AFTER + 0.1)
    assert one.told == [360, 180]


@virtually
async def test_more_is_told_at_once() -> None:
    one = Told()
    one.heights.want("ada", 180)
    await asyncio.sleep(LESS_AFTER + 0.1)
    one.heights.want("bob", 360)
    assert one.told == [180, 360]
    one.heights.want("bob", None)
    assert one.told == [180, 360, None]


@virtually
async def test_what_passes_within_seconds_is_told_to_nobody() -> None:
    one = Told()
    for _ in range(3):
        one.heights.want("ada", 180)
        await asyncio.sleep(LESS_AFTER - 0.1)
        one.heights.want("ada", None)
        await asyncio.sleep(LESS_AFTER)
    assert one.told == []


@virtually
async def test_while_nobody_watches_the_smallest_is_enough() -> None:
    one = Told()
    one.heights.drop("ada")
    await asyncio.sleep(LESS_AFTER + 0.1)
    assert one.told == []  # nobody has come yet
    one.heights.want("ada", None)
    one.heights.drop("ada")
    await asyncio.sleep(LESS_AFTER + 0.1)
    assert one.told == [LEAST_HEIGHT]


@virtually
async def test_of_what_has_ended_nothing_is_told() -> None:
    one = Told()
    one.heights.want("ada", 180)
    one.heights.close()
    one.heights.drop("ada")
    await asyncio.sleep(2 * LESS_AFTER)
    assert one.told == []
