"""The integer map against a dict."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.table import NONE, TableFace

KEYS = st.one_of(st.integers(0, 12), st.integers(0, 2**64 - 1))
VALUES = st.integers(0, NONE - 1)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), KEYS, VALUES),
            st.tuples(st.just("remove"), KEYS),
            st.tuples(st.just("get"), KEYS),
        ),
        max_size=300,
    )
)
def test_behaves_as_a_dict(steps: list[tuple[str, int] | tuple[str, int, int]]) -> None:
    table = TableFace()
    expected: dict[int, int] = {}
    for verb, key, *value in steps:
        if verb == "put":
            assert table.put(key, value[0]) == 0
            expected[key] = value[0]
        elif verb == "remove":
            assert table.remove(key) == (expected.pop(key, None) is not None)
        else:
            assert table.get(key) == expected.get(key, NONE)
        assert len(table) == len(expected)
    assert {key: table.get(key) for key in expected} == expected


def test_survives_churn_far_beyond_its_size() -> None:
    """With tombstones, or a wrong shift, lookups would fail or never end."""
    table = TableFace()
    expected: dict[int, int] = {}
    chance = random.Random(5)
    for step in range(50_000):
        key = chance.randrange(400)
        if chance.random() < 0.5:
            table.put(key, step)
            expected[key] = step
        else:
            assert table.remove(key) == (expected.pop(key, None) is not None)
    assert all(table.get(key) == expected.get(key, NONE) for key in range(400))
    assert table.capacity() <= 1024


def test_stays_below_seventy_percent() -> None:
    table = TableFace()
    for key in range(5000):
        table.put(key << 32, key)
        assert len(table) <= 0.7 * table.capacity()
    assert all(table.get(key << 32) == key for key in range(5000))


def test_expected_size_needs_no_growth() -> None:
    table = TableFace(1000)
    before = table.capacity()
    for key in range(1000):
        table.put(key, 0)
    assert table.capacity() == before


def test_every_table_has_its_own_seed() -> None:
    seeds = {TableFace().seed() for _ in range(50)}
    assert len(seeds) == 50
    assert all(seed[1] & 1 for seed in seeds)
