"""The targets of this folder without pytest, under which programs of one target do not run.

`python -m tests.fuzz.targets FOLDER` writes what each begins with to FOLDER/NAME.
"""

import itertools
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import sha1
from importlib import import_module
from pathlib import Path

import tests.fuzz
from tests.fuzz import coverage


def all_tests() -> Iterator[Callable[[], None]]:
    """Every test of every module here, with each choice of its parameters."""
    found = [each.name for each in pkgutil.iter_modules(tests.fuzz.__path__)]
    for module in [import_module(f"tests.fuzz.{name}") for name in found if _is_test(name)]:
        for test in [each for name, each in vars(module).items() if _is_test(name)]:
            yield from _choices(test)


def _is_test(name: str) -> bool:
    return name.startswith("test_")


def _choices(test: Callable[..., None]) -> Iterator[Callable[[], None]]:
    marks = [each.args for each in getattr(test, "pytestmark", ()) if each.name == "parametrize"]
    names = [name for name, _ in marks]
    for values in itertools.product(*(values for _, values in marks)):
        yield partial(test, **dict(zip(names, values, strict=True)))


def seeds() -> dict[str, list[bytes]]:
    """What each target begins with, by its name: its own, and what was kept of earlier runs."""
    found: dict[str, list[bytes]] = {}

    def note(name: str, _: coverage.Target, corpus: Sequence[bytes], largest: int) -> None:
        assert name not in found
        found[name] = [*corpus, *coverage.kept(name, largest)]

    before, coverage.runner = coverage.runner, note
    try:
        for test in all_tests():
            test()
    finally:
        coverage.runner = before
    return found


if __name__ == "__main__":
    for name, inputs in seeds().items():
        folder = Path(sys.argv[1], name)
        folder.mkdir(parents=True)
        for data in inputs:
            (folder / sha1(data).hexdigest()).write_bytes(data)
