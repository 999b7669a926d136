"""Redundant audio of anything, against a slow reading."""

from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.faces.red import read
from tests.support.red import red, slow_red

CORPUS = [
    red([(111, 0, b"alone")]),
    red([(111, 960, b"older"), (111, 0, b"new")]),
    red([(111, 1920, b""), (111, 960, b"older"), (111, 0, b"new")]),
]


def test_red() -> None:
    fuzz("red", once, CORPUS)


def once(payload: bytes) -> Hashable:
    found, blocks = read(payload), slow_red(payload)
    if blocks is None:
        assert found is None
        return None
    newest = blocks[-1]
    assert found == (len(payload) - len(newest[2]), newest[0])
    return len(blocks), min(len(newest[2]), 3)
