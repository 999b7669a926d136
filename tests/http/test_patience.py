"""One timer for many waits: each has its own time, and ends as asyncio.timeout would end it."""

import asyncio
from contextlib import closing

import pytest

from fastsfu.http.patience import Patience
from tests.support.virtual_time import virtually

SECONDS = 10.0


@virtually
async def test_each_wait_has_all_of_the_time() -> None:
    loop = asyncio.get_running_loop()
    with closing(Patience(SECONDS)) as patience:
        for _ in range(3):
            with patience:
                await asyncio.sleep(SECONDS - 1)
            began = loop.time()
            with pytest.raises(TimeoutError), patience:
                await asyncio.sleep(3 * SECONDS)
            assert loop.time() == pytest.approx(began + SECONDS)


@virtually
async def test_what_lies_between_two_waits_takes_its_time() -> None:
    with closing(Patience(SECONDS)) as patience:
        for _ in range(2):
            with patience:
                await asyncio.sleep(0)
            await asyncio.sleep(3 * SECONDS)


@virtually
async def test_an_error_within_stays_what_it_is() -> None:
    with closing(Patience(SECONDS)) as patience, pytest.raises(KeyError), patience:
        raise KeyError


@virtually
async def test_who_is_cancelled_is_not_told_of_time() -> None:
    async def wait(patience: Patience) -> None:
        with patience:
            await asyncio.sleep(3 * SECONDS)

    with closing(Patience(SECONDS)) as patience:
        waiting = asyncio.create_task(wait(patience))
        asyncio.get_running_loop().call_later(SECONDS / 2, waiting.cancel)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert waiting.cancelled()


@virtually
async def test_a_closed_one_leaves_no_timer() -> None:
    loop = asyncio.get_running_loop()
    patience = Patience(SECONDS)
    with patience:
        await asyncio.sleep(0)
    patience.close()
    began = loop.time()
    await asyncio.sleep(1)
    assert loop.time() == began + 1
    assert not loop._scheduled  # type: ignore[attr-defined]
