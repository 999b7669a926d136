"""base/table: lookups among few keys (one call) and many (a full server)."""

import random

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.native.faces.table import TableFace

LOOKUPS = 1_000_000


@pytest.mark.parametrize("keys", [10, 1000, 100_000])
def test_1_000_000_lookups(benchmark: BenchmarkFixture, keys: int) -> None:
    table = TableFace()
    chance = random.Random(1)
    chosen = [chance.getrandbits(64) for _ in range(keys)]
    for key in chosen:
        table.put(key, 1)
    order = np.array(chosen, dtype=np.uint64)
    assert benchmark(table.get_many, order, LOOKUPS // keys) == LOOKUPS
